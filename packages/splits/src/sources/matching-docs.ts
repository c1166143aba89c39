import type { TaskContext } from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import { mappingId } from '../mapping/mapping-id.ts'
import { aliveOnly } from './doc-selection.ts'
import { aboutSplit, type DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import { prepareText } from './text-query.ts'

/**
 * Live documents of a unit that satisfy all of the text predicates, ascending, not to be written to. Those of whole segments
 * stay with the open split: they are there without waiting when the same is asked for again.
 */
export function matchingDocs(
  unit: DocUnit,
  table: ScanTable,
  predicates: readonly TextPredicate[],
  context: TaskContext,
): Uint32Array | Promise<Uint32Array> {
  const { segment, start, end } = unit
  const whole = start === 0 && end === segment.maxDoc
  if (!whole || predicates.length === 0) return search(unit, table, predicates, context)
  const key = `${segment.ord}/${mappingId(table.index(unit.split.indexId).mapping)}/${predicatesKey(predicates)}`
  return unit.index.matches.get(key) ?? searchAndKeep(unit, table, predicates, context, key)
}

async function searchAndKeep(
  unit: DocUnit,
  table: ScanTable,
  predicates: readonly TextPredicate[],
  context: TaskContext,
  key: string,
): Promise<Uint32Array> {
  const docs = await search(unit, table, predicates, context)
  unit.index.matches.add(key, docs)
  return docs
}

async function search(
  unit: DocUnit,
  table: ScanTable,
  predicates: readonly TextPredicate[],
  context: TaskContext,
): Promise<Uint32Array> {
  const prepared = await aboutSplit(unit, () => prepareText(unit, table, predicates, false, context))
  return aliveOnly(prepared.docs(unit.start, unit.end), unit.segment.alive)
}

const keys = new WeakMap<readonly TextPredicate[], string>()

function predicatesKey(predicates: readonly TextPredicate[]): string {
  let key = keys.get(predicates)
  if (key === undefined) keys.set(predicates, (key = predicates.map((predicate) => predicate.key).join()))
  return key
}
