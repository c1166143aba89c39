import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { SqlState, VolleyError } from '../errors.ts'
import type { SpillExtent, SpillFile, SpillStore } from '../memory/spill-store.ts'

const PREFIX = 'volley-spill-'
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** Bytes up to which a system call costs less than asking another thread for it. */
const SMALL = 64 * 1024

/**
 * Spill files in a folder of this process, which only its user may enter. A file's name is removed as soon as it is open,
 * where the system allows it, so that nothing outlives the process however it ends; the folder is there while there are
 * files. Folders of processes that are gone are removed with the first file.
 */
export class NodeSpillStore implements SpillStore {
  readonly #parent: string
  readonly #onExit: () => void
  #folder: string | null = null
  #files = 0
  #made = 0
  #swept = false

  /** `parent` is where the folder is made; default the system's place for temporary files. */
  constructor(parent: string = os.tmpdir()) {
    this.#parent = parent
    this.#onExit = () => this.#removeFolder()
  }

  /** Spill files that are open. */
  get openFiles(): number {
    return this.#files
  }

  /** @throws VolleyError 58030 when no file can be made. */
  async create(): Promise<SpillFile> {
    if (!this.#swept) {
      this.#swept = true
      removeStaleFolders(this.#parent)
    }
    this.#files++
    try {
      return this.#open()
    } catch (cause) {
      this.#left()
      throw ioError(`cannot make a spill file in ${this.#parent}`, cause)
    }
  }

  #open(): SpillFile {
    if (this.#folder !== null && !fs.existsSync(this.#folder)) this.#folder = null
    if (this.#folder === null) {
      this.#folder = fs.mkdtempSync(path.join(this.#parent, `${PREFIX}${process.pid}-`))
      process.once('exit', this.#onExit)
    }
    const name = path.join(this.#folder, `${++this.#made}.arrow.zst`)
    const fd = fs.openSync(name, 'wx+', 0o600)
    let named: string | null = name
    try {
      fs.unlinkSync(name)
      named = null
    } catch {
      // Windows keeps the name of an open file: it goes when the file is closed.
    }
    return new NodeSpillFile(fd, () => {
      if (named !== null) fs.rmSync(named, { force: true })
      this.#left()
    })
  }

  #left(): void {
    if (--this.#files === 0) this.#removeFolder()
  }

  #removeFolder(): void {
    if (this.#folder === null) return
    fs.rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = null
    process.off('exit', this.#onExit)
  }
}

class NodeSpillFile implements SpillFile {
  readonly #fd: number
  readonly #closed: () => void
  readonly #busy = new Set<Promise<unknown>>()
  #end = 0
  #deleting: Promise<void> | null = null

  constructor(fd: number, closed: () => void) {
    this.#fd = fd
    this.#closed = closed
  }

  append(bytes: Uint8Array): Promise<SpillExtent> {
    return this.#while(async () => {
      // A megabyte takes 4 ms here; by streams, in another thread, three times the work.
      const packed = zstdCompressSync(bytes, FAST)
      const extent = { offset: this.#end, length: packed.length }
      this.#end += packed.length
      try {
        await writeAll(this.#fd, packed, extent.offset)
      } catch (cause) {
        throw ioError('cannot write a spill file', cause)
      }
      return extent
    })
  }

  read({ offset, length }: SpillExtent): Promise<Uint8Array> {
    return this.#while(async () => {
      const packed = new Uint8Array(length)
      try {
        await readAll(this.#fd, packed, offset)
        return zstdDecompressSync(packed)
      } catch (cause) {
        throw ioError('cannot read a spill file', cause)
      }
    })
  }

  async #while<T>(work: () => Promise<T>): Promise<T> {
    if (this.#deleting !== null) throw new VolleyError('the query has ended', { code: SqlState.queryCanceled })
    const working = work()
    this.#busy.add(working)
    try {
      return await working
    } finally {
      this.#busy.delete(working)
    }
  }

  delete(): Promise<void> {
    this.#deleting ??= Promise.allSettled(this.#busy).then(() => {
      fs.closeSync(this.#fd)
      this.#closed()
    })
    return this.#deleting
  }
}

const write = promisify(fs.write)
const read = promisify(fs.read)

async function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  if (bytes.length <= SMALL && fs.writeSync(fd, bytes, 0, bytes.length, position) === bytes.length) return
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await write(fd, bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

async function readAll(fd: number, into: Uint8Array, position: number): Promise<void> {
  if (into.length <= SMALL && fs.readSync(fd, into, 0, into.length, position) === into.length) return
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await read(fd, into, done, into.length - done, position + done)
    if (bytesRead === 0) throw new Error('the file ends too early')
    done += bytesRead
  }
}

/** Removes what processes have left that were ended too hard to do it. */
function removeStaleFolders(parent: string): void {
  let names: string[]
  try {
    names = fs.readdirSync(parent)
  } catch {
    return
  }
  for (const name of names) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      fs.rmSync(path.join(parent, name), { recursive: true, force: true })
    } catch {
      // Another user's, or another process was faster.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function ioError(what: string, cause: unknown): VolleyError {
  return new VolleyError(`${what}: ${(cause as Error).message}`, { code: SqlState.ioError, cause })
}
