import { decodeZstd } from '@volley/tantivy'
import { ByteReader } from './byte-reader.ts'

export type SplitFieldType = 'str' | 'u64' | 'i64' | 'f64' | 'bool' | 'date' | 'facet' | 'bytes' | 'ip' | 'json'

/** A field, or a path in a JSON field, that a split has under one type. */
export interface SplitFieldsEntry {
  /** As in a schema: dots inside a step escaped; a JSON path starts with its field. */
  readonly name: string
  readonly type: SplitFieldType
  readonly searchable: boolean
  readonly aggregatable: boolean
}

const TYPES: readonly SplitFieldType[] = ['str', 'u64', 'i64', 'f64', 'bool', 'date', 'facet', 'bytes', 'ip', 'json']

/**
 * Reads the `split_fields` file of a split (formats/quickwit-split.md §2.6).
 *
 * @throws RangeError for bytes that are not one.
 */
export function parseSplitFields(
  bytes: Uint8Array,
  zstdDecompress?: (frame: Uint8Array, length: number) => Uint8Array,
): SplitFieldsEntry[] {
  if (bytes[0] !== 2) throw new RangeError(`version ${bytes[0]} of the list of fields is not known`)
  const message = unzip(bytes.subarray(1), zstdDecompress)
  const reader = new ByteReader(message)
  const entries: SplitFieldsEntry[] = []
  while (reader.remaining > 0) {
    const tag = reader.leb()
    if (tag === 0x0a) entries.push(parseEntry(reader.bytes(reader.leb())))
    else skip(reader, tag)
  }
  return entries
}

/** Largest list of fields that is believed. */
const MAX_LENGTH = 1 << 28

function unzip(frame: Uint8Array, decompressFrame?: (frame: Uint8Array, length: number) => Uint8Array): Uint8Array {
  const length = contentSize(frame)
  if (length !== null && length > MAX_LENGTH) throw new RangeError(`the list of fields claims ${length} bytes`)
  if (length !== null && decompressFrame !== undefined) return decompressFrame(frame, length)
  try {
    return decodeZstd(frame, MAX_LENGTH)
  } catch (error) {
    throw new RangeError(`the list of fields is no zstd frame: ${(error as Error).message}`)
  }
}

/** Size of a frame's content, when its header says it (RFC 8878 §3.1.1.1). */
function contentSize(frame: Uint8Array): number | null {
  const reader = new ByteReader(frame)
  if (reader.u32() !== 0xfd2fb528) throw new RangeError('the list of fields is no zstd frame')
  const descriptor = reader.bytes(1)[0]!
  const single = (descriptor & 32) !== 0
  reader.bytes((single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!)
  switch (descriptor >> 6) {
    case 0:
      return single ? reader.bytes(1)[0]! : null
    case 1: {
      const [low, high] = reader.bytes(2)
      return low! + high! * 256 + 256
    }
    case 2:
      return reader.u32()
    default:
      return reader.u64()
  }
}

function parseEntry(bytes: Uint8Array): SplitFieldsEntry {
  const reader = new ByteReader(bytes)
  let name = ''
  let type = 0
  let searchable = false
  let aggregatable = false
  while (reader.remaining > 0) {
    const tag = reader.leb()
    if (tag === 0x0a) name = reader.text()
    else if (tag === 0x10) type = reader.leb()
    else if (tag === 0x20) searchable = reader.leb() !== 0
    else if (tag === 0x28) aggregatable = reader.leb() !== 0
    else skip(reader, tag)
  }
  const known = TYPES[type]
  if (known === undefined) throw new RangeError(`type ${type} of field ${name} is not known`)
  return { name, type: known, searchable, aggregatable }
}

/** Steps over a protobuf field that is not read. */
function skip(reader: ByteReader, tag: number): void {
  const wire = tag & 7
  if (wire === 0) reader.leb()
  else if (wire === 1) reader.bytes(8)
  else if (wire === 2) reader.bytes(reader.leb())
  else if (wire === 5) reader.bytes(4)
  else throw new RangeError(`wire type ${wire} of the list of fields is not known`)
}
