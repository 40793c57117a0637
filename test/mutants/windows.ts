/** The arithmetic of windows, in memory and in Redis. */
import { inFile, type Mutant } from './mutant.ts'

const MEMORY = ['contract/memory-rate-limiter.test.ts', 'unit/rate-limiting/sliding-window.test.ts']

const window = inFile('rate-limiting/sliding-window.ts', MEMORY, [
  {
    id: 'limit-exact',
    find: 'if (units >= spec.limit) {',
    replace: 'if (units > spec.limit) {',
    removes: 'no more than the limit fits',
    guards: ['exact windows'],
  },
  {
    id: 'expiry-exact',
    find: 'at(slices, expired) <= nowMs - spec.windowMs',
    replace: 'at(slices, expired) <= nowMs - spec.windowMs + 1',
    removes: 'a unit counts for the whole of its window',
    guards: ['exact windows'],
  },
  {
    id: 'newest-counts',
    find: 'slices[newest] = nowMs\n',
    replace: '',
    removes: 'a slice counts until its newest unit is old',
    guards: ['exact windows'],
  },
  {
    id: 'clock-set-back-merges',
    find: 'if (at(slices, slices.length - 2) > nowMs) mergeFuture(slices, nowMs, start)',
    replace: 'void mergeFuture',
    removes: 'a clock that is set back opens no window and closes none for long',
    guards: ['exact windows'],
  },
  {
    id: 'give-back-once',
    find: 'if (last - (last % grain) !== slice) continue',
    replace: 'if (last < slice) continue',
    removes: 'a unit is given back to the slice that took it',
    guards: ['exact windows'],
  },
])

const bounded = inFile(
  'rate-limiting/generations.ts',
  ['unit/rate-limiting/memory-rate-limiter.test.ts'],
  [
    {
      id: 'windows-bounded',
      find: 'if (young.size >= capacity && !young.has(key)) rotate()',
      replace: '',
      removes: 'a flood of keys costs bounded memory',
      guards: ['flaw 2'],
    },
    {
      id: 'windows-in-use-stay',
      find: 'if (older !== undefined) set(key, older)',
      replace: '',
      removes: 'a flood of keys does not free one that is in use',
      guards: ['flaw 2', 'one client, one window'],
    },
  ],
)

const script = inFile(
  'rate-limiting/sliding-window.lua',
  ['contract/redis-rate-limiter.test.ts'],
  [
    {
      id: 'lua-limit',
      find: 'if sum >= limit then',
      replace: 'if sum > limit then',
      removes: 'no more than the limit fits, over all processes',
      guards: ['exact windows'],
    },
    {
      id: 'lua-expiry',
      find: 'if old > now - win then break end',
      replace: 'if old > now - win + 1 then break end',
      removes: 'a unit counts for the whole of its window',
      guards: ['exact windows'],
    },
    {
      id: 'lua-denied-writes-nothing',
      find: "local err = set_back and try('SET'",
      replace: "local err = true and try('SET'",
      removes: 'a denied check writes nothing',
      tests: ['integration/rate-limiting/sliding-window-script.test.ts'],
      guards: ['exact windows'],
    },
    {
      id: 'lua-expires',
      find: "return try('SET', key, v, 'PX', win).err, 1",
      replace: "return try('SET', key, v).err, 1",
      removes: 'every key leaves with its window',
      tests: ['integration/rate-limiting/sliding-window-script.test.ts'],
      guards: ['exact windows'],
    },
    {
      id: 'lua-refund-keeps-ttl',
      find: "return try('SET', key, v, 'KEEPTTL').err",
      replace: "return try('SET', key, v).err",
      removes: 'a key leaves with its window after a refund too',
      tests: ['integration/rate-limiting/sliding-window-script.test.ts'],
      guards: ['exact windows'],
    },
    {
      id: 'lua-clock-set-back',
      find: 'local set_back = last and last > now',
      replace: 'local set_back = false',
      removes: 'a clock that is set back opens no window',
      tests: ['integration/rate-limiting/sliding-window-script.test.ts', 'contract/redis-rate-limiter.test.ts'],
      guards: ['exact windows'],
    },
    {
      id: 'lua-foreign-key',
      find: "elseif #v % 10 ~= 4 then err = 'NOTAWINDOW the key holds something else'\n",
      replace: '',
      removes: 'what is no window is not counted in',
      tests: ['integration/rate-limiting/sliding-window-script.test.ts'],
      guards: ['flaw 13'],
    },
    {
      id: 'lua-refund-slice',
      find: 'if last - last % grain == slice then',
      replace: 'if last >= slice then',
      removes: 'a unit is given back to the slice that took it',
      guards: ['exact windows'],
    },
    {
      id: 'lua-one-error',
      find: 'out[at + 1], out[at + 2], out[at + 3], out[at + 4] = err and { err = err } or allowed',
      replace: 'if err then return { err = err } end\n  out[at + 1], out[at + 2], out[at + 3], out[at + 4] = allowed',
      removes: 'what is wrong with one window leaves the others alone',
      tests: ['integration/rate-limiting/batches.test.ts'],
      guards: ['exact windows'],
    },
  ],
)

export const WINDOWS: readonly Mutant[] = [...window, ...bounded, ...script]
