import { readdirSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Directory } from '../directory/directory.ts'

/** The directory of an index on the local file system; its files must not change while it is open. */
export class NodeDirectory implements Directory {
  readonly path: string
  readonly #lengths = new Map<string, number>()

  constructor(path: string) {
    this.path = path
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isFile()) this.#lengths.set(entry.name, statSync(join(path, entry.name)).size)
    }
  }

  list(): readonly string[] {
    return [...this.#lengths.keys()]
  }

  has(name: string): boolean {
    return this.#lengths.has(name)
  }

  length(name: string): number {
    const length = this.#lengths.get(name)
    if (length === undefined) throw new Error(`no file ${name} in ${this.path}`)
    return length
  }

  async read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted()
    if (start < 0 || start > end || end > this.length(name)) {
      throw new RangeError(`range ${start}..${end} is outside file ${name} of ${this.length(name)} bytes`)
    }
    const handle = await open(join(this.path, name))
    try {
      const bytes = new Uint8Array(end - start)
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at)
        if (bytesRead === 0) throw new Error(`file ${name} in ${this.path} became shorter`)
        at += bytesRead
      }
      return bytes
    } finally {
      await handle.close()
    }
  }
}

/** Opens a folder as an index directory. */
export function nodeDirectory(path: string): NodeDirectory {
  return new NodeDirectory(path)
}
