import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { SqlState, VolleyError } from '@volley/core'

export interface LocalWorkersOptions {
  readonly count: number
  /** A program that prints `listening on HOST:PORT` when it is ready, and ends when its standard input ends. */
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Default 20. */
  readonly startSeconds?: number
}

/** Worker processes on this machine that live as long as this process, or until closed. */
export class LocalWorkers {
  /** `host:port` each. */
  readonly urls: readonly string[]
  /** Process ids, in the order of `urls`. */
  readonly pids: readonly number[]
  readonly #children: readonly ChildProcess[]
  readonly #onExit: () => void

  private constructor(urls: readonly string[], children: readonly ChildProcess[], onExit: () => void) {
    this.urls = urls
    this.pids = children.map((child) => child.pid!)
    this.#children = children
    this.#onExit = onExit
  }

  /** @throws VolleyError when one does not start; then none is left. */
  static async start(options: LocalWorkersOptions): Promise<LocalWorkers> {
    const children: ChildProcess[] = []
    const onExit = (): void => {
      for (const child of children) child.kill('SIGKILL')
    }
    process.on('exit', onExit)
    try {
      const starting = Array.from({ length: options.count }, () => launch(options, children))
      const urls = await Promise.all(starting)
      return new LocalWorkers(urls, children, onExit)
    } catch (error) {
      await Promise.all(children.map(kill))
      process.off('exit', onExit)
      throw error
    }
  }

  /** Ends all of them, also frozen ones, and waits until they are gone. */
  async close(): Promise<void> {
    await Promise.all(this.#children.map(stop))
    process.off('exit', this.#onExit)
  }
}

function launch(options: LocalWorkersOptions, children: ChildProcess[]): Promise<string> {
  const { command, args, env } = options
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...(env ? { env } : {}) })
  children.push(child)
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })
  return new Promise<string>((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => {
      clearTimeout(timer)
      reject(new VolleyError(`a local worker ${what}`, { code: SqlState.workerLost, cause }))
    }
    const seconds = options.startSeconds ?? 20
    const timer = setTimeout(() => fail(`was not ready within ${seconds} s`), seconds * 1000)
    lines.on('line', (line) => {
      const address = /^listening on (\S+:\d+)$/.exec(line)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
    child.once('error', (cause) => fail(`could not be started: ${cause.message}`, cause))
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? `status ${code}`} before it was ready`))
  })
}

/** Asks it to end, then makes it. */
async function stop(child: ChildProcess): Promise<void> {
  if (gone(child)) return
  child.stdin?.end()
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 1000)
  await exited(child)
  clearTimeout(timer)
}

async function kill(child: ChildProcess): Promise<void> {
  if (gone(child)) return
  child.kill('SIGKILL')
  await exited(child)
}

function gone(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

function exited(child: ChildProcess): Promise<void> {
  return gone(child) ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()))
}
