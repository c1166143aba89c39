import type { Directory } from './directory.ts'

/** A directory over whole files in memory. */
export class MemoryDirectory implements Directory {
  readonly #files: ReadonlyMap<string, Uint8Array>

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files
  }

  list(): readonly string[] {
    return [...this.#files.keys()]
  }

  has(name: string): boolean {
    return this.#files.has(name)
  }

  length(name: string): number {
    return this.#bytes(name).length
  }

  async read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted()
    return this.peek(name, start, end)
  }

  peek(name: string, start: number, end: number): Uint8Array {
    const bytes = this.#bytes(name)
    if (start < 0 || start > end || end > bytes.length) {
      throw new RangeError(`range ${start}..${end} is outside file ${name} of ${bytes.length} bytes`)
    }
    return bytes.subarray(start, end)
  }

  #bytes(name: string): Uint8Array {
    const bytes = this.#files.get(name)
    if (bytes === undefined) throw new Error(`no file ${name} in the index directory`)
    return bytes
  }
}
