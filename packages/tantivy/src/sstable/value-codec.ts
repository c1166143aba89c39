import type { ByteReader } from '../bytes/byte-reader.ts'

/** Reads the values of one sstable block; the number of values, or null where the format does not say it (Void). */
export interface ValueCodec<V> {
  read(reader: ByteReader): { readonly count: number | null; readonly values: V }
  /** Values of a table without keys. */
  readonly empty: V
}

/** Values of a term dictionary block; starts and ends are relative to the field's postings and positions. */
export interface TermInfoBlock {
  readonly docFreqs: Uint32Array
  /** count + 1 boundaries. */
  readonly postings: Float64Array
  readonly positions: Float64Array
}

export const termInfoCodec: ValueCodec<TermInfoBlock> = {
  empty: { docFreqs: new Uint32Array(0), postings: new Float64Array(1), positions: new Float64Array(1) },
  read(reader) {
    const count = reader.vint()
    let postingsAt = reader.vint()
    let positionsAt = reader.vint()
    if (count > reader.remaining / 3) throw reader.corrupted(`block of ${count} values`)
    const docFreqs = new Uint32Array(count)
    const postings = new Float64Array(count + 1)
    const positions = new Float64Array(count + 1)
    postings[0] = postingsAt
    positions[0] = positionsAt
    for (let i = 0; i < count; i += 1) {
      const docFreq = reader.vint()
      if (docFreq > 0x7fffffff) throw reader.corrupted(`document frequency ${docFreq}`)
      docFreqs[i] = docFreq
      postingsAt += reader.vint()
      positionsAt += reader.vint()
      postings[i + 1] = postingsAt
      positions[i + 1] = positionsAt
    }
    return { count, values: { docFreqs, postings, positions } }
  },
}

/** count + 1 boundaries: value i is the range from boundary i to boundary i + 1. */
export const rangeCodec: ValueCodec<Float64Array> = {
  empty: new Float64Array(0),
  read(reader) {
    const boundaries = reader.cvint()
    if (boundaries > reader.remaining) throw reader.corrupted(`block of ${boundaries} boundaries`)
    const values = new Float64Array(boundaries)
    let at = 0
    for (let i = 0; i < boundaries; i += 1) {
      at += reader.cvint()
      values[i] = at
    }
    return { count: Math.max(0, boundaries - 1), values }
  },
}

export const voidCodec: ValueCodec<null> = {
  empty: null,
  read() {
    return { count: null, values: null }
  },
}

/** Block addresses of a version 2 index. */
export interface BlockAddressBlock {
  readonly starts: Float64Array
  readonly ordinals: Float64Array
}

export const blockAddressCodec: ValueCodec<BlockAddressBlock> = {
  empty: { starts: new Float64Array(1), ordinals: new Float64Array(0) },
  read(reader) {
    const count = reader.cvint()
    if (count > reader.remaining) throw reader.corrupted(`block of ${count} addresses`)
    const starts = new Float64Array(count + 1)
    const ordinals = new Float64Array(count)
    let start = reader.cvint()
    let ordinal = 0
    for (let i = 0; i < count; i += 1) {
      starts[i] = start
      start += reader.cvint()
      ordinal += reader.cvint()
      ordinals[i] = ordinal
    }
    starts[count] = start
    return { count, values: { starts, ordinals } }
  },
}
