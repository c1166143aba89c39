/**
 * Ends this process when its standard input ends, which is what happens when the process that started it goes away,
 * however it does. For workers that LocalWorkers starts.
 */
export function endWithParent(stop: () => Promise<void> = () => Promise.resolve()): void {
  const end = (): void => {
    setTimeout(() => process.exit(0), 2000).unref()
    stop().finally(() => process.exit(0))
  }
  process.stdin.on('end', end)
  process.stdin.on('error', end)
  process.stdin.resume()
  // Watching alone is no reason to stay: a process that is told to end does.
  if ('unref' in process.stdin) process.stdin.unref()
}
