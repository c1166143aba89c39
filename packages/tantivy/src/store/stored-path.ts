import type { ByteReader } from '../bytes/byte-reader.ts'
import { readValue, skipValue } from './read-value.ts'
import type { StoredValue } from './stored-value.ts'

/** Receives what documents of a list have at a path; nothing is called for a document that has nothing there. */
export interface PathSink {
  /** A string, of the document at a position of the list: UTF-8, bytes [start, end). */
  text(position: number, bytes: Uint8Array, start: number, end: number): void
  /** Any other value. */
  value(position: number, value: StoredValue): void
}

const STR = 0
const JSON_TEXT = 8
const ARRAY = 12
const OBJECT = 13
const encoder = new TextEncoder()

/**
 * A path below the first value of a stored JSON field: a text step is a key, dots included, and of equal keys the last
 * counts; a number is a place in an array. Documents are walked along it, and nothing beside it is built.
 */
export class StoredPath {
  /** Ordinal of the field. */
  readonly field: number
  readonly #steps: readonly (Uint8Array | number)[]
  readonly #path: readonly (string | number)[]

  constructor(field: number, path: readonly (string | number)[]) {
    this.field = field
    this.#path = path
    this.#steps = path.map((step) => (typeof step === 'string' ? encoder.encode(step) : step))
  }

  /** Gives what is at the path below the value at which the reader stands. */
  read(reader: ByteReader, version: number, position: number, sink: PathSink): void {
    for (let k = 0; k < this.#steps.length; k += 1) {
      const step = this.#steps[k]!
      const at = reader.pos
      const code = reader.u8()
      if (code === JSON_TEXT) {
        reader.pos = at
        this.#readBuilt(readValue(reader, version), k, position, sink)
        return
      }
      if (typeof step === 'number' ? code !== ARRAY : code !== OBJECT) return
      const found = typeof step === 'number' ? enterArray(reader, step) : enterObject(reader, step)
      if (!found) return
    }
    const at = reader.pos
    if (reader.u8() === STR) {
      const length = reader.vint()
      const start = reader.pos
      reader.skip(length)
      sink.text(position, reader.bytes, start, start + length)
      return
    }
    reader.pos = at
    sink.value(position, readValue(reader, version))
  }

  /** The same for what is left of the path below a value that is stored as JSON text. */
  #readBuilt(value: StoredValue, from: number, position: number, sink: PathSink): void {
    let at: StoredValue | undefined = value
    for (const step of this.#path.slice(from)) {
      if (at.type === 'object' && typeof step === 'string') at = at.entries.findLast(([key]) => key === step)?.[1]
      else if (at.type === 'array' && typeof step === 'number') at = at.values[step]
      else return
      if (at === undefined) return
    }
    sink.value(position, at)
  }
}

/** Moves to an element; false where there is none. */
function enterArray(reader: ByteReader, index: number): boolean {
  const count = countOf(reader)
  if (index >= count) return false
  for (let left = index; left > 0; left -= 1) skipValue(reader)
  return true
}

/** Moves to the last member with a key; false where there is none. */
function enterObject(reader: ByteReader, key: Uint8Array): boolean {
  const count = countOf(reader)
  if (count % 2 !== 0) throw reader.corrupted('object with an odd number of parts')
  let found = -1
  for (let left = count / 2; left > 0; left -= 1) {
    if (reader.u8() !== STR) throw reader.corrupted('object key is not a string')
    const length = reader.vint()
    const start = reader.pos
    reader.skip(length)
    if (length === key.length && equals(reader.bytes, start, key)) found = reader.pos
    skipValue(reader)
  }
  if (found < 0) return false
  reader.pos = found
  return true
}

function countOf(reader: ByteReader): number {
  const count = reader.vint()
  if (count > reader.remaining) throw reader.corrupted(`array or object of ${count} parts`)
  return count
}

function equals(bytes: Uint8Array, start: number, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i += 1) if (bytes[start + i] !== key[i]) return false
  return true
}
