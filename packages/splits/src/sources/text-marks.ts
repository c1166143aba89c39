import { BoolVector, type TaskContext, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { TextPredicate } from '@volley/planner'
import { Bool } from 'apache-arrow'
import { matchingDocs } from './matching-docs.ts'
import type { DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'

/** Which live documents of a unit satisfy a text predicate: a bit for each, the unit's first one first. */
export async function markBits(
  unit: DocUnit,
  table: ScanTable,
  predicate: TextPredicate,
  context: TaskContext,
): Promise<Uint8Array> {
  const { start, end } = unit
  const bits = new Uint8Array((end - start + 7) >>> 3)
  for (const doc of await matchingDocs(unit, table, [predicate], context)) {
    bits[(doc - start) >>> 3]! |= 1 << ((doc - start) & 7)
  }
  return bits
}

/** The mark of each of some documents of a unit, in any order, that begins with document `start`. */
export function markVector(bits: Uint8Array, start: number, docs: Uint32Array, region: Region): Vector {
  const marked = region.bitmap(docs.length, false)
  for (let i = 0; i < docs.length; i++) {
    const doc = docs[i]! - start
    marked[i >>> 3]! |= ((bits[doc >>> 3]! >>> (doc & 7)) & 1) << (i & 7)
  }
  return new BoolVector(new Bool(), docs.length, null, marked)
}
