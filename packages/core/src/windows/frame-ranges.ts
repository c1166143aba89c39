/**
 * The frame of each row as row ranges [start, end) of the sorted rows, less the range [excludeStart, excludeEnd) except
 * for row `keep` (the current row under EXCLUDE TIES). Without an exclusion, the last three are null.
 */
export interface FrameRanges {
  readonly start: Uint32Array
  readonly end: Uint32Array
  readonly excludeStart: Uint32Array | null
  readonly excludeEnd: Uint32Array | null
  /** EXCLUDE TIES: the row itself stays though its peers go. */
  readonly keepsCurrent: boolean
}
