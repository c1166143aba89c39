/** Rows that are decoded at a time: the scratch stays in the first-level cache. */
export const CHUNK = 2048

/**
 * Decodes values of a column by row into its own scratch of CHUNK entries, and moves them from there to an output of
 * the column's type.
 */
export interface ValueDecoder<Out> {
  readonly numValues: number
  /** Decodes rows [start, end), at most CHUNK, to the scratch. */
  load(start: number, end: number): void
  /** Decodes `count` rows of a list, at most CHUNK, to the scratch. */
  loadRows(rows: Uint32Array, count: number): void
  /** Writes scratch[0..count) to entries out[at..at + count). */
  store(out: Out, at: number, count: number): void
  /** Writes scratch[i] to entry out[at + slots[i]]. */
  scatter(out: Out, at: number, slots: Uint32Array, count: number): void
  /** Writes zeros to entries out[at..at + count). */
  clear(out: Out, at: number, count: number): void
  /** Writes rows [start, end) to entries out[at...) at once; false, and nothing is done, where it cannot. */
  copy?(start: number, end: number, out: Out, at: number): boolean
  /** Writes `count` rows of a list, in any order, to entries out[at...) at once; false, and nothing is done, where it cannot. */
  copyListed?(rows: Uint32Array, count: number, out: Out, at: number): boolean
  /**
   * Writes a row for each document of [first, first + count) that is in a set of bits, 32 a word, and zeros for the others,
   * to out[at...); the rows are `rows` from `start` on. False, and nothing is done, where it cannot.
   */
  copyPresent?(
    start: number,
    rows: number,
    bits: Uint32Array,
    first: number,
    count: number,
    out: Out,
    at: number,
  ): boolean
  /**
   * Moves entries out[at..at + found), which copy has written, to out[at + slots[i]], ascending and below at + count, and
   * writes zeros between them.
   */
  spread?(out: Out, at: number, slots: Uint32Array, found: number, count: number): void
  /**
   * Writes first + i, for rows start + i of [start, end) whose value is in the range that was last given, to out[at...);
   * returns their number, -1, and nothing is done, where it cannot.
   */
  find?(start: number, end: number, first: number, out: Uint32Array, at: number): number
  /**
   * Writes names[k] to out[at...) for each k below `count` whose row rows[k] (ascending) has such a value; returns their
   * number, -1, and nothing is done, where it cannot.
   */
  findListed?(rows: Uint32Array, names: Uint32Array, count: number, out: Uint32Array, at: number): number
  /**
   * Writes the rows of some spans (a start and an end each, ascending) with such a value to out; returns their number, -1, and
   * nothing is done, where it cannot.
   */
  findSpans?(spans: Uint32Array, out: Uint32Array): number
  /** What `match` does for `count` rows of a list, at most CHUNK. */
  matchListed?(rows: Uint32Array, count: number, flags: Uint8Array): void
  /** Sets flags[i] to 1 where the value of row start + i is in the range that was last given, else 0. */
  match(start: number, end: number, flags: Uint8Array): void
  allocate(count: number): Out
}
