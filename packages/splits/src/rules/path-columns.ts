import { DocIdJoinExec, transformPlan, type ExecutionPlan } from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { ColumnSource } from '../sources/column-source.ts'
import { DocumentExec } from '../sources/document-exec.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { asOneSource } from './one-source.ts'

/**
 * Reads texts at JSON paths with the fast fields, as one source: once documents were read for them they are columns too, and
 * are read in ranges rather than by address, and ranked by a top k.
 *
 * Preconditions: a source of documents with nothing but texts at JSON paths, alone or joined by address to one of fast
 * fields, neither with a top k or fetch. What can be read after a limit has been taken out before.
 */
export const pathColumns: PhysicalRule = {
  name: 'PathColumns',
  apply(plan) {
    return transformPlan(plan, (node) => {
      if (node instanceof DocIdJoinExec) return isOfPaths(node.right) ? (asOneSource(node) ?? node) : node
      return node instanceof DocumentExec && isOfPaths(node) ? new FastFieldExec(node.table, node.options) : node
    })
  },
}

function isOfPaths(node: ExecutionPlan): boolean {
  if (!(node instanceof ColumnSource) || node.options.columns.length === 0) return false
  return node.options.columns.every(({ source }) => source.kind === 'path' && source.text)
}
