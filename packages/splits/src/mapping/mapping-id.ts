import type { DocMapping } from './doc-mapping.ts'

const ids = new WeakMap<DocMapping, number>()
let last = 0

/** A number for a mapping: what is kept of a split depends on the mapping that it was read by, and an index's may change. */
export function mappingId(mapping: DocMapping): number {
  let id = ids.get(mapping)
  if (id === undefined) ids.set(mapping, (id = ++last))
  return id
}
