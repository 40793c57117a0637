/** What a Node process keeps alive: its heap right after all garbage was collected, asked through its debugger. */

/** MiB. Stops the process for some ten milliseconds. `debuggerUrl` is what it prints when it is started with `--inspect`. */
export async function liveHeapMiB(debuggerUrl: string): Promise<number> {
  const socket = new WebSocket(debuggerUrl)
  const ended = new Promise<never>((_, reject) => {
    socket.addEventListener('error', () => reject(new Error('the debugger does not answer')), { once: true })
    socket.addEventListener('close', () => reject(new Error('the debugger went away')), { once: true })
  })
  ended.catch(() => {})
  const ask = async (id: number, method: string): Promise<Record<string, unknown>> => {
    const answered = new Promise<Record<string, unknown>>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(String(data)) as { readonly id?: number; readonly result?: Record<string, unknown> }
        if (answer.id === id) resolve(answer.result ?? {})
      })
    })
    socket.send(JSON.stringify({ id, method }))
    return Promise.race([answered, ended])
  }
  await Promise.race([new Promise((resolve) => socket.addEventListener('open', resolve, { once: true })), ended])
  await ask(1, 'HeapProfiler.enable')
  await ask(2, 'HeapProfiler.collectGarbage')
  const { usedSize } = await ask(3, 'Runtime.getHeapUsage')
  socket.close()
  return Number(usedSize) / 1024 ** 2
}
