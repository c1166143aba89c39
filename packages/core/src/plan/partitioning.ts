import { exprKey, type Expr } from '../expressions/expr.ts'

/** How a node's rows are dealt to its output partitions. */
export type Partitioning =
  | { readonly kind: 'unknown'; readonly count: number }
  /** Rows with equal keys are in one partition, by the engine's hash of the keys modulo `count`. */
  | { readonly kind: 'hash'; readonly exprs: readonly Expr[]; readonly count: number }
  /**
   * Partition p holds the doc-id ranges that layout `layoutId` deals to p, sorted by (split, segment, doc id). Two sources
   * are co-partitioned when their layout ids are equal. Never a claim to be hash-partitioned.
   */
  | { readonly kind: 'segment'; readonly layoutId: string; readonly count: number }

export function unknownPartitioning(count: number): Partitioning {
  return { kind: 'unknown', count }
}

export function hashPartitioning(exprs: readonly Expr[], count: number): Partitioning {
  return { kind: 'hash', exprs, count }
}

export function segmentPartitioning(layoutId: string, count: number): Partitioning {
  return { kind: 'segment', layoutId, count }
}

export function formatPartitioning(partitioning: Partitioning): string {
  switch (partitioning.kind) {
    case 'unknown':
      return `unknown(${partitioning.count})`
    case 'hash':
      return `hash([${partitioning.exprs.join(', ')}], ${partitioning.count})`
    case 'segment':
      return `segment(${partitioning.layoutId}, ${partitioning.count})`
  }
}

/** Whether rows with equal `exprs` are known to share a partition. */
export function satisfiesHash(partitioning: Partitioning, exprs: readonly Expr[]): boolean {
  if (partitioning.count === 1) return true
  if (partitioning.kind !== 'hash') return false
  const wanted = new Set(exprs.map(exprKey))
  return partitioning.exprs.length > 0 && partitioning.exprs.every((expr) => wanted.has(exprKey(expr)))
}
