import { ADDRESS_COLUMNS, constantVector, PrimitiveVector, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import { Field, Uint32, Utf8 } from 'apache-arrow'

/** Field metadata key that marks an address column; the planner finds co-partitioned joins by it. */
const ADDRESS_KEY = 'volley.address'

/** `_split_id, _segment_ord, _doc_id`: where a document is. Rows of a source are sorted by them in each partition. */
export const addressFields: readonly Field[] = [
  new Field(ADDRESS_COLUMNS[0]!, new Utf8(), false, new Map([[ADDRESS_KEY, 'split']])),
  new Field(ADDRESS_COLUMNS[1]!, new Uint32(), false, new Map([[ADDRESS_KEY, 'segment']])),
  new Field(ADDRESS_COLUMNS[2]!, new Uint32(), false, new Map([[ADDRESS_KEY, 'doc']])),
]

/** Whether a field is part of an address, under whatever name. */
export function isAddressField(field: Field): boolean {
  return field.metadata.has(ADDRESS_KEY)
}

/** Address columns of `docs` (ascending doc ids, in the arena) of one segment; split and segment are constants. */
export function addressVectors(region: Region, splitId: string, segmentOrd: number, docs: Uint32Array): Vector[] {
  const [split, segment, doc] = addressFields
  return [
    constantVector(split!.type, splitId, docs.length, region),
    constantVector(segment!.type, segmentOrd, docs.length, region),
    new PrimitiveVector(doc!.type, docs.length, null, docs),
  ]
}
