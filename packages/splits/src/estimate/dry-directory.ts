import type { Directory } from '@volley/tantivy'
import type { BundleDirectory } from '../bundle/bundle-directory.ts'

/** Bytes of a file that would be read. */
export interface PlannedRead {
  readonly file: string
  readonly start: number
  readonly end: number
}

/** Files that are read for an estimate: dictionaries of terms, which say where postings are. */
const READ = /\.term$/

/**
 * A split's files for finding out what would be read of them: term dictionaries are read, other reads are noted and never
 * answered. What the hotcache holds is answered and costs nothing.
 */
export class DryDirectory implements Directory {
  readonly reads: PlannedRead[] = []
  readonly #directory: BundleDirectory
  #running = 0
  #wake: (() => void) | null = null

  constructor(directory: BundleDirectory) {
    this.#directory = directory
  }

  list(): readonly string[] {
    return this.#directory.list()
  }

  has(name: string): boolean {
    return this.#directory.has(name)
  }

  length(name: string): number {
    return this.#directory.length(name)
  }

  peek(name: string, start: number, end: number): Uint8Array | null {
    return this.#directory.peek(name, start, end)
  }

  async read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const cached = this.#directory.peek(name, start, end)
    if (cached !== null) return cached
    this.reads.push({ file: name, start, end })
    if (!READ.test(name)) return new Promise(() => {})
    this.#running++
    try {
      return await this.#directory.read(name, start, end, signal)
    } finally {
      this.#running--
      this.#wake?.()
    }
  }

  /** Runs `work` until it ends, or waits for nothing but reads that are not answered. */
  async settle(work: Promise<unknown>): Promise<void> {
    const progress = { ended: false }
    const end = work.finally(() => {
      progress.ended = true
      this.#wake?.()
    })
    // A failure is the caller's.
    end.catch(() => undefined)
    while (!progress.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (this.#running === 0) setTimeout(resolve, 0)
      })
      if (this.#running > 0) continue
      // What was answered is worked on before the next timer runs.
      await new Promise((resolve) => setTimeout(resolve, 0))
      if (this.#running === 0) break
    }
    this.#wake = null
    if (progress.ended) await end
  }
}
