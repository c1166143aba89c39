import { type Scratch, threadScratch } from './scratch.ts'

/** How 64-bit values are mapped to order-preserving unsigned integers. */
export type ValueMapping = 'none' | 'signed' | 'float'

/** Mappings by the numbers that kernels know them by. */
export const valueMappings: Readonly<Record<ValueMapping, number>> = { none: 0, signed: 1, float: 2 }

/** Rows packed one after another in `width` bits (0 to 56, or 64), which start at a byte. */
export interface PackedValues {
  readonly bytes: Uint8Array
  readonly width: number
}

/** A line under the packed values: see formats/tantivy.md section 9.5. */
export interface ValueLine {
  readonly slope: bigint
  readonly intercept: bigint
}

/**
 * Unpacks rows [start, start + count) to the 64-bit entries out[at...), as min + gcd * (line + raw), unmapped; the line
 * starts at `firstX`. False, and nothing is done, where there is no WebAssembly.
 */
export function unpackColumnValues(
  packed: PackedValues,
  start: number,
  count: number,
  scale: { readonly gcd: bigint; readonly min: bigint },
  line: ValueLine | null,
  firstX: number,
  mapping: ValueMapping,
  out: Uint8Array,
  at: number,
): boolean {
  const scratch = threadScratch()
  if (scratch === null) return false
  const mark = scratch.mark()
  const { address, first } = putRows(scratch, packed, start, count)
  const values = scratch.alloc(8 * count)
  const { width } = packed
  const { gcd, min } = scale
  const kind = valueMappings[mapping]
  if (line === null) scratch.kernels.unpackValues(address, width, first, count, gcd, min, kind, values)
  else {
    const { slope, intercept } = line
    const x = BigInt(firstX)
    scratch.kernels.unpackLine(address, width, first, count, x, slope, intercept, gcd, min, kind, values)
  }
  out.set(scratch.bytes.subarray(values, values + 8 * count), 8 * at)
  scratch.release(mark)
  return true
}

/**
 * Unpacks to the 64-bit entries out[at...) a row for each document of [first, first + count) that is in a set of bits, 32 a
 * word, and 0 for the others; the rows are [start, start + rows). False, and nothing is done, where there is no WebAssembly.
 */
export function unpackPresentValues(
  packed: PackedValues,
  start: number,
  rows: number,
  bits: Uint32Array,
  first: number,
  count: number,
  scale: { readonly gcd: bigint; readonly min: bigint },
  mapping: ValueMapping,
  out: Uint8Array,
  at: number,
): boolean {
  const scratch = threadScratch()
  if (scratch === null) return false
  const mark = scratch.mark()
  const input = putRows(scratch, packed, start, rows)
  const set = scratch.putWords(bits.subarray(first >>> 5, ((first + count + 31) >>> 5) + 1))
  const values = scratch.alloc(8 * count)
  const { gcd, min } = scale
  const kind = valueMappings[mapping]
  const { width } = packed
  scratch.kernels.unpackPresent(input.address, width, input.first, set, first & 31, count, gcd, min, kind, values)
  out.set(scratch.bytes.subarray(values, values + 8 * count), 8 * at)
  scratch.release(mark)
  return true
}

/**
 * Writes first + i, for rows start + i of [start, start + count) whose raw value is in [from, to], to out[at...); returns
 * their number, -1, and nothing is done, where there is no WebAssembly.
 */
export function matchColumnValues(
  packed: PackedValues,
  start: number,
  count: number,
  from: bigint,
  to: bigint,
  first: number,
  out: Uint32Array,
  at: number,
): number {
  const scratch = threadScratch()
  if (scratch === null) return -1
  const mark = scratch.mark()
  const rows = putRows(scratch, packed, start, count)
  const docs = scratch.alloc(4 * count)
  const found = scratch.kernels.matchValues(rows.address, packed.width, rows.first, count, from, to, first, docs)
  out.set(scratch.words.subarray(docs >>> 2, (docs >>> 2) + found), at)
  scratch.release(mark)
  return found
}

/** The same for values over a line, of which [from, to] are bounds as unsigned integers. */
export function matchColumnLine(
  packed: PackedValues,
  start: number,
  count: number,
  scale: { readonly gcd: bigint; readonly min: bigint },
  line: ValueLine,
  firstX: number,
  from: bigint,
  to: bigint,
  first: number,
  out: Uint32Array,
  at: number,
): number {
  const scratch = threadScratch()
  if (scratch === null) return -1
  const mark = scratch.mark()
  const rows = putRows(scratch, packed, start, count)
  const docs = scratch.alloc(4 * count)
  const found = scratch.kernels.matchLine(
    rows.address,
    packed.width,
    rows.first,
    count,
    BigInt(firstX),
    line.slope,
    line.intercept,
    scale.gcd,
    scale.min,
    from,
    to,
    first,
    docs,
  )
  out.set(scratch.words.subarray(docs >>> 2, (docs >>> 2) + found), at)
  scratch.release(mark)
  return found
}

/** Copies the bytes of some rows in; `first` is the number of the first row there. */
export function putRows(
  scratch: Scratch,
  { bytes, width }: PackedValues,
  start: number,
  count: number,
): { address: number; first: number } {
  // eight rows take whole bytes
  const first = start & 7
  const from = Math.floor(((start - first) / 8) * width)
  const to = Math.min(bytes.length, Math.ceil(((start + count) * width) / 8))
  return { address: scratch.put(bytes.subarray(from, to)), first }
}
