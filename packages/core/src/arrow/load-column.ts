import { Region, TextTable } from '@volley/kernels'
import type { Data, DataType } from 'apache-arrow'
import { typeName } from '../types/data-types.ts'
import { copyBits } from '../vectors/bitmap.ts'
import { allocValues, slotsPerRow } from '../vectors/build.ts'
import { concatVectors } from '../vectors/concat.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { BytesVector, DictionaryVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { firstBit, fromArrowData, nullBitmapOf } from './from-arrow-data.ts'
import { isInPlace } from './from-arrow-rows.ts'
import { GatheredRows } from './gather-chunk.ts'

/** Texts that occur this often, on the average, are kept by code. */
const REPEATED = 3
/** Rows of a column of texts that are looked at first, if there are many more. */
const SAMPLE = 16_384
/** Where more of the sample are different ones than this, texts are taken not to repeat: a third of a million would be 0.976. */
const DIFFERENT = 0.976

/** Rows of one column of a chunk. */
export interface ColumnRows {
  readonly chunk: ArrowChunk
  readonly position: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/**
 * Rows of a column (of Arrow types that map to `type`) as one vector in the region; texts that repeat get a dictionary.
 */
export function loadColumn(wanted: ColumnRows, type: DataType, region: Region): Vector {
  const { chunk, position, from, to } = wanted
  const name = typeName(type)
  const parts = chunk.columnIn(position, from, to)
  const isText = name === 'Utf8' || name === 'Json' || name === 'Binary'
  const coded = isText && mayRepeat(wanted, type, region) ? loadTexts(to - from, parts, type, region) : null
  if (coded !== null) return coded
  if (parts.length === 1) return fromArrowData(parts[0]!, type, region)
  if (parts.every((data) => isInPlace(name, data))) return loadValues(to - from, parts, type, region)
  const scratch = new Region(region.arena)
  try {
    // Dictionaries of the parts go with the scratch.
    const pieces = parts.map((data) => flattenVector(fromArrowData(data, type, scratch), null, scratch))
    return concatVectors(pieces, region)
  } finally {
    scratch.release()
  }
}

function loadValues(rows: number, parts: readonly Data[], type: DataType, region: Region): PrimitiveVector {
  const values = allocValues(type, rows, region) as Float64Array
  const slots = slotsPerRow(type)
  const validity = hasNulls(parts) ? region.bitmap(rows, false) : null
  let at = 0
  for (const data of parts) {
    values.set((data.values as PrimitiveArray).subarray(0, data.length * slots) as Float64Array, at * slots)
    if (validity !== null) copyPresent(data, validity, at)
    at += data.length
  }
  return new PrimitiveVector(type, rows, validity, values)
}

function hasNulls(parts: readonly Data[]): boolean {
  return parts.some((data) => nullBitmapOf(data) !== null)
}

function copyPresent(data: Data, validity: Uint8Array, at: number): void {
  const bitmap = nullBitmapOf(data)
  if (bitmap === null) setBits(validity, at, data.length)
  else copyBits(bitmap, firstBit(data, bitmap), data.length, validity, at)
}

function setBits(bits: Uint8Array, at: number, count: number): void {
  for (let i = at; i < at + count; i++) bits[i >>> 3]! |= 1 << (i & 7)
}

/** Whether texts seem to occur often enough, by rows here and there. */
function mayRepeat({ chunk, position, from, to }: ColumnRows, type: DataType, region: Region): boolean {
  if (to - from < 4 * SAMPLE) return true
  const scratch = new Region(region.arena)
  const table = new TextTable(region.arena)
  try {
    const rows = scratch.u32(SAMPLE)
    const span = Math.floor((to - from) / SAMPLE)
    // Anywhere in its part: rows at even distances may differ where others do not.
    for (let k = 0; k < SAMPLE; k++) rows[k] = from + k * span + ((Math.imul(k + 1, 0x9e3779b1) >>> 8) % span)
    const texts = new GatheredRows(chunk, rows, SAMPLE).column(position, type, scratch)
    const flat = flattenVector(texts, null, scratch)
    if (!(flat instanceof BytesVector)) return false
    assignCodes(flat, table, scratch.u32(SAMPLE), scratch)
    return table.count <= SAMPLE * DIFFERENT
  } finally {
    table.release()
    scratch.release()
  }
}

/** Null where most texts are different ones. */
function loadTexts(rows: number, parts: readonly Data[], type: DataType, region: Region): DictionaryVector | null {
  const own = new Region(region.arena)
  const table = new TextTable(region.arena)
  try {
    const codes = own.u32(rows)
    const validity = hasNulls(parts) ? own.bitmap(rows, false) : null
    let at = 0
    for (const data of parts) {
      const scratch = new Region(region.arena)
      try {
        const texts = flattenVector(fromArrowData(data, type, scratch), null, scratch)
        if (!(texts instanceof BytesVector)) return null
        assignCodes(texts, table, codes.subarray(at, at + texts.length), scratch)
        if (validity !== null) markPresent(texts, validity, at)
      } finally {
        scratch.release()
      }
      at += data.length
      if (table.count * REPEATED > rows) return null
    }
    if (table.count === 0) return null
    const entries = dictionaryOf(table, type, own)
    region.dependOn(own)
    return new DictionaryVector(type, rows, validity, codes, entries, false)
  } finally {
    table.release()
    own.release()
  }
}

/** Codes of the texts; 0 of those that are NULL. */
function assignCodes(texts: BytesVector, table: TextTable, codes: Uint32Array, scratch: Region): void {
  const { offsets, bytes, length } = texts
  if (texts.validity === null) return table.assign(offsets, bytes, null, length, codes)
  const rows = scratch.u32(length)
  let count = 0
  for (let i = 0; i < length; i++) {
    rows[count] = i
    count += +texts.isValid(i)
  }
  const found = scratch.u32(count)
  table.assign(offsets, bytes, rows.subarray(0, count), count, found)
  codes.fill(0)
  for (let k = 0; k < count; k++) codes[rows[k]!] = found[k]!
}

function markPresent(texts: BytesVector, validity: Uint8Array, at: number): void {
  if (texts.validity === null) setBits(validity, at, texts.length)
  else copyBits(texts.validity, 0, texts.length, validity, at)
}

function dictionaryOf(table: TextTable, type: DataType, region: Region): BytesVector {
  const { count } = table
  const offsets = region.i32(count + 1)
  offsets.set(table.offsets)
  const bytes = region.u8(offsets[count]!)
  bytes.set(table.heap.subarray(0, offsets[count]))
  return new BytesVector(type, count, null, offsets, bytes)
}
