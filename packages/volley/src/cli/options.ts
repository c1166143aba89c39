import fs from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { ConnectOptions } from '../connect.ts'
import { readConfig } from './config.ts'
import { UsageError } from './errors.ts'

/** Options that sql, explain and index share. */
export const sessionOptions: SessionOptionTypes = {
  metastore: { type: 'string' },
  workers: { type: 'string' },
  threads: { type: 'string' },
  worker: { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
  format: { type: 'string' },
}

type SessionOptionTypes = {
  readonly metastore: { readonly type: 'string' }
  readonly workers: { readonly type: 'string' }
  readonly threads: { readonly type: 'string' }
  readonly worker: { readonly type: 'string'; readonly multiple: true }
  readonly set: { readonly type: 'string'; readonly multiple: true }
  readonly format: { readonly type: 'string' }
}

export interface SessionFlags {
  readonly metastore?: string | undefined
  readonly workers?: string | undefined
  readonly threads?: string | undefined
  readonly worker?: readonly string[] | undefined
  readonly set?: readonly string[] | undefined
}

/** parseArgs whose complaints are usage errors. */
export function parseCommandLine<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(lowerFirst((error as Error).message.replace(/\. To specify.*$/s, '')))
  }
}

/** Flags, then VOLLEY_* variables, then volley.yaml in the working directory. */
export function connectOptions(flags: SessionFlags): ConnectOptions {
  const config = readConfig()
  const metastore = flags.metastore ?? process.env.VOLLEY_METASTORE ?? config.metastore
  const settings = new Map(Object.entries(config.settings))
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('VOLLEY_SET_') || value === undefined) continue
    settings.set(name.slice('VOLLEY_SET_'.length).toLowerCase(), value)
  }
  for (const pair of flags.set ?? []) {
    const at = pair.indexOf('=')
    if (at < 1) throw new UsageError(`--set takes KEY=VALUE, not ${pair}`)
    settings.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim())
  }
  if (flags.threads !== undefined) settings.set('threads', flags.threads)
  const workers = flags.workers ?? process.env.VOLLEY_WORKERS
  const count = workers === undefined ? 0 : Number(workers)
  if (!Number.isInteger(count) || count < 0 || count > 64)
    throw new UsageError(`--workers takes a number from 0 to 64, not ${workers}`)
  const urls = flags.worker ?? []
  if (count > 0 && urls.length > 0)
    throw new UsageError('--workers starts workers and --worker uses running ones: give one of them')
  for (const url of urls)
    if (!/^[^\s:]+:\d+$|^\[[^\]]+\]:\d+$/.test(url)) throw new UsageError(`--worker takes HOST:PORT, not ${url}`)
  return { ...(metastore === undefined ? {} : { metastore }), localWorkers: count, workerUrls: urls, settings }
}

/** The SQL of a command: arguments, `-f FILE`, or `-` for standard input. */
export async function sqlText(positionals: readonly string[], file: string | undefined): Promise<string> {
  if (file !== undefined) {
    if (positionals.length > 0) throw new UsageError('give SQL or -f FILE, not both')
    try {
      return fs.readFileSync(file, 'utf8')
    } catch (error) {
      throw new UsageError(`cannot read ${file}: ${(error as Error).message}`)
    }
  }
  if (positionals.length > 1) throw new UsageError('give the SQL as one argument (quote it)')
  const [text] = positionals
  if (text === '-' || (text === undefined && !process.stdin.isTTY)) {
    let all = ''
    process.stdin.setEncoding('utf8')
    for await (const chunk of process.stdin) all += chunk as string
    return all
  }
  if (text === undefined) throw new UsageError('give SQL, -f FILE, or - for standard input')
  return text
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
