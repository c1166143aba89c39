/**
 * Raised when bytes of an index contradict the format: names the file and the offset in it where reading stopped.
 */
export class IndexCorruptedError extends Error {
  readonly file: string
  readonly offset: number

  constructor(file: string, offset: number, problem: string) {
    super(`corrupted index file ${file} at byte ${offset}: ${problem}`)
    this.name = 'IndexCorruptedError'
    this.file = file
    this.offset = offset
  }
}

/** Raised for a well-formed request or file that this package does not support. */
export class UnsupportedIndexError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnsupportedIndexError'
  }
}
