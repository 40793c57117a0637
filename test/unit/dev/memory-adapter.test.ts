import { describe, expect, it } from 'vitest'
import { createMemoryAdapter } from '../../../src/dev/memory-adapter.ts'

describe('createMemoryAdapter', () => {
  it('forgets an entry when its time is over', async () => {
    let now = 0
    const codes = createMemoryAdapter(() => now)('AuthorizationCode')
    await codes.upsert('c1', { uid: 'u1' }, 60)
    now = 59_999
    expect(await codes.find('c1')).toEqual({ uid: 'u1' })
    expect(await codes.findByUid('u1')).toEqual({ uid: 'u1' })
    now = 60_000
    expect(await codes.find('c1')).toBeUndefined()
    expect(await codes.findByUid('u1')).toBeUndefined()
  })

  it('keeps models apart', async () => {
    const adapter = createMemoryAdapter()
    await adapter('Session').upsert('1', { uid: 'u' }, 60)
    expect(await adapter('Grant').find('1')).toBeUndefined()
    expect(await adapter('Grant').findByUid('u')).toBeUndefined()
  })

  it('marks an entry as consumed, and removes those of a grant', async () => {
    const tokens = createMemoryAdapter(() => 5000)('RefreshToken')
    await tokens.upsert('a', { grantId: 'g1' }, 60)
    await tokens.upsert('b', { grantId: 'g2' }, 60)
    await tokens.consume('a')
    expect(await tokens.find('a')).toEqual({ grantId: 'g1', consumed: 5 })
    await tokens.revokeByGrantId('g1')
    expect(await tokens.find('a')).toBeUndefined()
    expect(await tokens.find('b')).toEqual({ grantId: 'g2' })
  })
})
