import { Region, TextTable } from '@volley/kernels'
import type { Data, DataType } from 'apache-arrow'
import { typeName } from '../types/data-types.ts'
import { copyBits } from '../vectors/bitmap.ts'
import { concatVectors } from '../vectors/concat.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { BytesVector, DictionaryVector, type Vector } from '../vectors/vector.ts'
import { fromArrowData } from './from-arrow-data.ts'

/** Texts that occur this often, on the average, are kept by code. */
const REPEATED = 3

/** All of a column (of Arrow types that map to `type`) as one vector in the region; texts that repeat get a dictionary. */
export function loadColumn(parts: readonly Data[], type: DataType, region: Region): Vector {
  const name = typeName(type)
  const isText = name === 'Utf8' || name === 'Json' || name === 'Binary'
  const coded = isText ? loadTexts(parts, type, region) : null
  if (coded !== null) return coded
  if (parts.length === 1) return fromArrowData(parts[0]!, type, region)
  const scratch = new Region(region.arena)
  try {
    // Dictionaries of the parts go with the scratch.
    const pieces = parts.map((data) => flattenVector(fromArrowData(data, type, scratch), null, scratch))
    return concatVectors(pieces, region)
  } finally {
    scratch.release()
  }
}

/** Null where most texts are different ones. */
function loadTexts(parts: readonly Data[], type: DataType, region: Region): DictionaryVector | null {
  const rows = parts.reduce((sum, data) => sum + data.length, 0)
  const own = new Region(region.arena)
  const table = new TextTable(region.arena)
  try {
    const codes = own.u32(rows)
    const validity = parts.some((data) => data.nullCount > 0) ? own.bitmap(rows, false) : null
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
  if (texts.validity !== null) return copyBits(texts.validity, 0, texts.length, validity, at)
  for (let i = at; i < at + texts.length; i++) validity[i >>> 3]! |= 1 << (i & 7)
}

function dictionaryOf(table: TextTable, type: DataType, region: Region): BytesVector {
  const { count } = table
  const offsets = region.i32(count + 1)
  offsets.set(table.offsets)
  const bytes = region.u8(offsets[count]!)
  bytes.set(table.heap.subarray(0, offsets[count]))
  return new BytesVector(type, count, null, offsets, bytes)
}
