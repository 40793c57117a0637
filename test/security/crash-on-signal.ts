/** Preloaded into a gateway: on SIGUSR2 it fails as only a mistake in its own code would, with a secret in hand. */
const secret = process.env.CRASH_SECRET ?? ''

process.on('SIGUSR2', () => {
  const failure = new Error(`cannot read ${secret}`, { cause: new TypeError(secret) })
  const details = { rawPacket: Buffer.from(secret), headers: { authorization: secret } }
  if (process.env.CRASH_BY === 'rejection') void Promise.reject(Object.assign(failure, details))
  else throw Object.assign(failure, details)
})
