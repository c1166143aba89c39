import type { ByteReader } from '../bytes/byte-reader.ts'
import type { PreTokenizedToken, StoredValue } from './stored-value.ts'

/** Levels of arrays and objects that are followed. */
const MAX_DEPTH = 512

/** Reads a value of a stored document; `version` is the store's (1: dates in microseconds). */
export function readValue(reader: ByteReader, version: number, depth: number = 0): StoredValue {
  const code = reader.u8()
  switch (code) {
    case 0:
      return { type: 'str', value: reader.str() }
    case 1:
      return { type: 'u64', value: reader.u64Big() }
    case 2:
      return { type: 'i64', value: reader.i64Big() }
    case 3:
      return { type: 'facet', value: reader.str() }
    case 4:
      return { type: 'bytes', value: reader.take(reader.vint()) }
    case 5: {
      const value = reader.i64Big()
      return { type: 'date', value: version === 1 ? BigInt.asIntN(64, value * 1000n) : value }
    }
    case 6:
      return { type: 'f64', value: readFloat(reader) }
    case 7:
      return readPreTokenized(reader)
    case 8:
      return fromJson(parse(reader), depth)
    case 9:
      return { type: 'bool', value: reader.u8() !== 0 }
    case 10: {
      const low = reader.u64Big()
      return { type: 'ip', value: (reader.u64Big() << 64n) | low }
    }
    case 11:
      return { type: 'null' }
    case 12: {
      const values: StoredValue[] = []
      for (let left = countOf(reader, depth); left > 0; left -= 1) values.push(readValue(reader, version, depth + 1))
      return { type: 'array', values }
    }
    case 13: {
      const count = countOf(reader, depth)
      if (count % 2 !== 0) throw reader.corrupted('object with an odd number of parts')
      const entries: [string, StoredValue][] = []
      for (let left = count / 2; left > 0; left -= 1) {
        if (reader.u8() !== 0) throw reader.corrupted('object key is not a string')
        const key = reader.str()
        entries.push([key, readValue(reader, version, depth + 1)])
      }
      return { type: 'object', entries }
    }
    default:
      throw reader.corrupted(`stored value of the unknown type ${code}`)
  }
}

/** Moves behind a value without building it. */
export function skipValue(reader: ByteReader, depth: number = 0): void {
  const code = reader.u8()
  switch (code) {
    case 0:
    case 3:
    case 4:
    case 8:
      reader.skip(reader.vint())
      return
    case 1:
    case 2:
    case 5:
    case 6:
      reader.skip(8)
      return
    case 7:
      reader.skip(1)
      reader.skip(reader.vint())
      return
    case 9:
      reader.skip(1)
      return
    case 10:
      reader.skip(16)
      return
    case 11:
      return
    case 12:
    case 13:
      for (let left = countOf(reader, depth); left > 0; left -= 1) skipValue(reader, depth + 1)
      return
    default:
      throw reader.corrupted(`stored value of the unknown type ${code}`)
  }
}

function countOf(reader: ByteReader, depth: number): number {
  const count = reader.vint()
  if (count > reader.remaining) throw reader.corrupted(`array or object of ${count} parts`)
  if (depth >= MAX_DEPTH) throw reader.corrupted(`values nested deeper than ${MAX_DEPTH}`)
  return count
}

const words = new Uint32Array(2)
const float = new Float64Array(words.buffer)

/** A float of its order-preserving form. */
function readFloat(reader: ByteReader): number {
  const low = reader.u32()
  const high = reader.u32()
  const negative = high < 0x80000000
  words[0] = negative ? ~low : low
  words[1] = negative ? ~high : high ^ 0x80000000
  return float[0]!
}

function parse(reader: ByteReader): unknown {
  const text = reader.str()
  try {
    return JSON.parse(text)
  } catch {
    throw reader.corrupted('stored JSON does not parse')
  }
}

function readPreTokenized(reader: ByteReader): StoredValue {
  const kind = reader.u8()
  if (kind !== 0) throw reader.corrupted(`stored value of the unknown extension ${kind}`)
  const json = parse(reader) as { text?: unknown; tokens?: unknown }
  if (typeof json !== 'object' || json === null || !Array.isArray(json.tokens)) {
    throw reader.corrupted('pre-tokenized text is malformed')
  }
  const tokens = json.tokens.map((token: Record<string, unknown> | null): PreTokenizedToken => {
    if (typeof token !== 'object' || token === null) throw reader.corrupted('pre-tokenized text is malformed')
    return {
      text: String(token['text']),
      from: Number(token['offset_from']),
      to: Number(token['offset_to']),
      position: Number(token['position']),
      positionLength: Number(token['position_length']),
    }
  })
  return { type: 'pretokenized', text: String(json.text), tokens }
}

/** The value of JSON text, typed as tantivy types it: i64, then u64, then f64. */
function fromJson(json: unknown, depth: number): StoredValue {
  if (json === null) return { type: 'null' }
  if (typeof json === 'string') return { type: 'str', value: json }
  if (typeof json === 'boolean') return { type: 'bool', value: json }
  if (typeof json === 'number') {
    return Number.isSafeInteger(json) ? { type: 'i64', value: BigInt(json) } : { type: 'f64', value: json }
  }
  if (Array.isArray(json)) return { type: 'array', values: json.map((value) => fromJson(value, depth + 1)) }
  const entries = Object.entries(json as Record<string, unknown>)
  return { type: 'object', entries: entries.map(([key, value]) => [key, fromJson(value, depth + 1)] as const) }
}
