/**
 * The files of one index, read by byte range. Implemented over memory, a folder, or a split bundle.
 */
export interface Directory {
  /** Names of all files. */
  list(): readonly string[]
  has(name: string): boolean
  /** Length of a file in bytes; throws if there is no such file. */
  length(name: string): number
  /** Reads exactly the bytes [start, end) of a file. */
  read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Answers [start, end) at once where the bytes are at hand (a hotcache, memory), null where they are not. */
  peek?(name: string, start: number, end: number): Uint8Array | null
  /** Is told of bytes more, or fewer, that stay in memory with what was opened. */
  held?(bytes: number): void
}
