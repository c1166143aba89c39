import type { ByteReader } from '../bytes/byte-reader.ts'

/** Blocks of a store: block i holds documents firstDocs[i] up to firstDocs[i + 1] at bytes offsets[i] up to offsets[i + 1]. */
export interface StoreIndex {
  readonly firstDocs: Uint32Array
  readonly offsets: Float64Array
}

/** Reads the bottom layer of the skip index; `end` is where the blocks end. */
export function readStoreIndex(reader: ByteReader, maxDoc: number, end: number): StoreIndex {
  const layers = reader.vint()
  if (layers > 64) throw reader.corrupted(`skip index of ${layers} layers`)
  let layerStart = 0
  let layerEnd = 0
  for (let i = 0; i < layers; i += 1) {
    layerStart = layerEnd
    layerEnd = reader.vint()
    if (layerEnd < layerStart) throw reader.corrupted('skip index layers out of order')
  }
  if (layers === 0) {
    if (maxDoc !== 0) throw reader.corrupted(`empty skip index of a store of ${maxDoc} documents`)
    return { firstDocs: new Uint32Array(1), offsets: new Float64Array(1) }
  }
  if (layerEnd > reader.remaining) throw reader.corrupted('skip index is cut off')
  const stop = reader.pos + layerEnd
  reader.skip(layerStart)
  const firstDocs: number[] = [0]
  const offsets: number[] = [0]
  let doc = 0
  let offset = 0
  while (reader.pos < stop) {
    const count = reader.vint()
    if (reader.vint() !== doc || reader.vint() !== offset) throw reader.corrupted('skip index has a gap')
    if (count < 1 || count > reader.remaining / 2) throw reader.corrupted(`skip index block of ${count} checkpoints`)
    for (let i = 0; i < count; i += 1) {
      const docs = reader.vint()
      doc += docs
      offset += reader.vint()
      if (docs === 0 || doc > maxDoc || offset > end) throw reader.corrupted('skip index reaches past the store')
      firstDocs.push(doc)
      offsets.push(offset)
    }
  }
  if (doc !== maxDoc) throw reader.corrupted(`store of ${doc} documents, ${maxDoc} expected`)
  return { firstDocs: Uint32Array.from(firstDocs), offsets: Float64Array.from(offsets) }
}
