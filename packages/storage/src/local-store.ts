import { statSync, type BigIntStats } from 'node:fs'
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type ObjectStore, checkPath, checkRange } from './object-store.ts'
import { StorageError, type StorageErrorKind } from './storage-error.ts'

/** A disk that takes longer than this for a file's status, */
const SLOW_MS = 4
/** so many times in a row, */
const SLOW_TIMES = 3
/** is not waited for, for so long. */
const SLOW_FOR_MS = 10_000

/**
 * Files under a directory, given as a path or as a `file://` URI. Writes go to a temporary name, are synced, and
 * replace the file at once.
 */
export class LocalStore implements ObjectStore {
  readonly uri: string
  readonly root: string
  /** Slow answers in a row. */
  #slow = 0
  /** Until when the disk is taken to be slow to answer. */
  #slowUntil = 0

  constructor(root: string) {
    this.root = resolve(localPath(root))
    this.uri = `file://${this.root.startsWith('/') ? '' : '/'}${this.root}`
  }

  async getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const file = this.#file(path)
    checkRange(this.uri, path, start, end)
    signal?.throwIfAborted()
    return this.#attempt(path, async () => {
      const handle = await open(file, 'r')
      try {
        const bytes = new Uint8Array(end - start)
        let done = 0
        while (done < bytes.length) {
          signal?.throwIfAborted()
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done)
          if (bytesRead === 0) break
          done += bytesRead
        }
        if (done < bytes.length || (start === end && start > (await handle.stat()).size)) {
          const { size } = await handle.stat()
          throw new StorageError('invalid_range', this.uri, path, `bytes ${start} to ${end} of ${size}`)
        }
        return bytes
      } finally {
        await handle.close()
      }
    })
  }

  async get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    const file = this.#file(path)
    signal?.throwIfAborted()
    return this.#attempt(path, async () => {
      const bytes = await readFile(file, signal ? { signal } : {})
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    })
  }

  async size(path: string, signal?: AbortSignal): Promise<number> {
    return Number((await this.#stat(path, signal)).size)
  }

  async version(path: string, signal?: AbortSignal): Promise<string> {
    const found = await this.#stat(path, signal)
    return `${found.ino}-${found.mtimeNs}-${found.size}`
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const file = this.#file(path)
    const temporary = `${file}.${crypto.randomUUID()}.tmp`
    await this.#attempt(path, async () => {
      await mkdir(dirname(file), { recursive: true })
      try {
        const handle = await open(temporary, 'wx')
        try {
          await handle.writeFile(bytes)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, file)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    })
  }

  async delete(path: string): Promise<void> {
    const file = this.#file(path)
    await this.#attempt(path, () => rm(file, { force: true }))
  }

  async list(prefix: string): Promise<string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    if (folder !== '') checkPath(this.uri, folder.slice(0, -1))
    const paths: string[] = []
    const walk = async (under: string): Promise<void> => {
      const entries = await readdir(join(this.root, under), { withFileTypes: true }).catch((error: unknown) => {
        if (errno(error) === 'ENOENT') return []
        throw error
      })
      for (const entry of entries) {
        const path = under + entry.name
        if (entry.isDirectory()) {
          if (`${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)) await walk(`${path}/`)
        } else if (path.startsWith(prefix) && !path.endsWith('.tmp')) {
          paths.push(path)
        }
      }
    }
    await this.#attempt(prefix, () => walk(folder))
    return paths.sort()
  }

  async #stat(path: string, signal: AbortSignal | undefined): Promise<BigIntStats> {
    const file = this.#file(path)
    signal?.throwIfAborted()
    return this.#attempt(path, async () => {
      const found = await this.#status(file)
      if (!found.isFile()) throw new StorageError('not_found', this.uri, path, 'not a file')
      return found
    })
  }

  /** Asked for without a detour through other threads, which costs many times as much, unless the disk made us wait. */
  async #status(file: string): Promise<BigIntStats> {
    const start = performance.now()
    if (start < this.#slowUntil) return stat(file, { bigint: true })
    try {
      return statSync(file, { bigint: true })
    } finally {
      const end = performance.now()
      this.#slow = end - start > SLOW_MS ? this.#slow + 1 : 0
      if (this.#slow >= SLOW_TIMES) this.#slowUntil = end + SLOW_FOR_MS
    }
  }

  #file(path: string): string {
    return join(this.root, checkPath(this.uri, path))
  }

  async #attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      const kind = KINDS[errno(error) ?? '']
      if (kind) throw new StorageError(kind, this.uri, path, undefined, error)
      const code = errno(error)
      if (code?.startsWith('E')) throw new StorageError('unavailable', this.uri, path, code, error)
      throw error
    }
  }
}

const KINDS: Record<string, StorageErrorKind> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EISDIR: 'not_found',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
}

function errno(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'syscall' in error
    ? String((error as unknown as { code: unknown }).code)
    : undefined
}

/** The path of a `file://` URI, percent escapes decoded where they are valid; other text is a path already. */
export function localPath(uri: string): string {
  if (!uri.startsWith('file://')) return uri
  let path = uri.slice('file://'.length)
  try {
    path = decodeURIComponent(path)
  } catch {
    // A literal percent sign, as Quickwit writes it.
  }
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path
}
