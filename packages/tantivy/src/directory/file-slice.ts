import { IndexCorruptedError } from '../errors.ts'
import type { Directory } from './directory.ts'
import { RangeDirectory } from './range-directory.ts'

/** A byte range of a file, read on demand. Offsets given to its methods are relative to the range. */
export class FileSlice {
  readonly directory: Directory
  readonly file: string
  readonly start: number
  readonly end: number

  constructor(directory: Directory, file: string, start: number, end: number) {
    this.directory = directory
    this.file = file
    this.start = start
    this.end = end
  }

  /** The whole of a file; an index that names a missing file is corrupted. */
  static ofFile(directory: Directory, file: string): FileSlice {
    if (!directory.has(file)) throw new IndexCorruptedError(file, 0, 'the file is missing')
    return new FileSlice(directory, file, 0, directory.length(file))
  }

  get length(): number {
    return this.end - this.start
  }

  /** A part of this range; throws IndexCorruptedError when it does not lie inside. */
  slice(start: number, end: number = this.length): FileSlice {
    this.#check(start, end)
    return new FileSlice(this.directory, this.file, this.start + start, this.start + end)
  }

  async read(start: number = 0, end: number = this.length, signal?: AbortSignal): Promise<Uint8Array> {
    this.#check(start, end)
    if (start === end) return new Uint8Array(0)
    const from = this.start + start
    const to = this.start + end
    return this.directory.peek?.(this.file, from, to) ?? this.directory.read(this.file, from, to, signal)
  }

  /** The bytes if they are at hand, else null. */
  peek(start: number = 0, end: number = this.length): Uint8Array | null {
    this.#check(start, end)
    if (start === end) return new Uint8Array(0)
    return this.directory.peek?.(this.file, this.start + start, this.start + end) ?? null
  }

  /** Has the last bytes at hand, `length` of them or all: where files and their parts keep tables. */
  async withTail(length: number, signal?: AbortSignal): Promise<FileSlice> {
    const start = Math.max(0, this.length - length)
    if (this.peek(this.length - Math.min(this.length, 1)) !== null) return this
    const tail = await this.read(start, this.length, signal)
    return new FileSlice(
      new RangeDirectory(this.directory, this.file, this.start + start, tail),
      this.file,
      this.start,
      this.end,
    )
  }

  corrupted(offset: number, problem: string): IndexCorruptedError {
    return new IndexCorruptedError(this.file, this.start + offset, problem)
  }

  #check(start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= this.length)) {
      throw this.corrupted(0, `range ${start}..${end} is outside a part of ${this.length} bytes`)
    }
  }
}
