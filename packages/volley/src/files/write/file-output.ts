import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { packing } from '../packed-text.ts'

/** A file on its way: it appears under its name, whole, when it is closed, or not at all. */
export class FileOutput {
  readonly #target: string
  readonly #temporary: string
  readonly #file: fs.WriteStream
  readonly #entry: Writable
  readonly #written: Promise<void>

  private constructor(target: string) {
    this.#target = target
    this.#temporary = `${target}.${randomUUID()}.tmp`
    this.#file = fs.createWriteStream(this.#temporary, { flags: 'wx', highWaterMark: 1 << 20 })
    const packer = packing(target)
    this.#entry = packer ?? this.#file
    this.#written = packer === null ? finished(this.#file) : pipeline(packer, this.#file)
    // Who writes or closes learns of a failure.
    this.#written.catch(() => {})
  }

  /** Packed where its name ends in .gz or .zst. */
  static async create(target: string): Promise<FileOutput> {
    await fs.promises.mkdir(path.dirname(target), { recursive: true })
    return new FileOutput(target)
  }

  /** Takes the bytes, which must not change afterwards, and waits while many are on their way. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (bytes.length === 0) return
    if (this.#entry.destroyed) await this.#written
    if (!this.#entry.write(bytes)) await Promise.race([once(this.#entry, 'drain'), this.#written])
  }

  async close(): Promise<void> {
    this.#entry.end()
    await this.#written
    await fs.promises.rename(this.#temporary, this.#target)
  }

  /** Leaves no file behind. */
  async abort(): Promise<void> {
    this.#entry.destroy()
    this.#file.destroy()
    await this.#written.catch(() => {})
    await fs.promises.rm(this.#temporary, { force: true })
  }
}
