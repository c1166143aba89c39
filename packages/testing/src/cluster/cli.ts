import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The program behind the `volley` command, in this repository. */
export const volleyBin: string = fileURLToPath(new URL('../../../volley/bin/volley.js', import.meta.url))

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Makes it the leader of its own process group. */
  readonly detached?: boolean
}

export interface Outcome {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A running `volley` command. */
export class VolleyCommand {
  readonly #child: ChildProcess
  readonly #firstOutput = Promise.withResolvers<void>()
  readonly #outcome: Promise<Outcome>
  #stdout = ''

  constructor(args: readonly string[], options: CommandOptions = {}) {
    const { VOLLEY_METASTORE: _, VOLLEY_WORKERS: __, NODE_OPTIONS: ___, ...env } = process.env
    this.#child = spawn(process.execPath, [volleyBin, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.detached ?? false,
      env: { ...env, ...options.env },
    })
    let stderr = ''
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#firstOutput.resolve()
      if (this.#stdout.length < 1_000_000) this.#stdout += text
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    this.#outcome = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (status) => {
        this.#firstOutput.resolve()
        resolve({ status, stdout: this.#stdout, stderr })
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** What it has printed on standard output, its beginning at least. */
  get stdout(): string {
    return this.#stdout
  }

  /** Waits until it prints something, or ends. */
  firstOutput(): Promise<void> {
    return this.#firstOutput.promise
  }

  /** Its end. */
  get outcome(): Promise<Outcome> {
    return this.#outcome
  }

  /** Sends a signal to it, or to its whole group, as a terminal does. */
  signal(name: NodeJS.Signals, group = false): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      process.kill(group ? -this.pid : this.pid, name)
  }
}

/** Runs a `volley` command to its end. */
export function runVolley(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new VolleyCommand(args, options).outcome
}

/** Starts `volley worker` on a free port of this machine. */
export async function startWorker(
  args: readonly string[] = [],
): Promise<{ readonly command: VolleyCommand; readonly address: string }> {
  const command = new VolleyCommand(['worker', '--listen', '127.0.0.1:0', ...args])
  await command.firstOutput()
  const address = /^listening on (\S+)$/m.exec(command.stdout)?.[1]
  if (address === undefined) throw new Error(`the worker did not start: ${(await command.outcome).stderr}`)
  return { command, address }
}

/** Ids of the processes that a process started and that still run, from /proc; empty where there is none. */
export function childrenOf(pid: number): number[] {
  try {
    const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text
      .split(' ')
      .filter((part) => part !== '')
      .map(Number)
  } catch {
    return []
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
