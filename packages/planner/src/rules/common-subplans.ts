import {
  Aggregate,
  CommonSubplan,
  RecursiveQuery,
  TableScan,
  Window,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { mapChildren } from './plan-tools.ts'
import { SubplanKeys } from './subplan-keys.ts'

/**
 * Marks subplans that stand more than once, so that their rows are computed once: a WITH query that is read twice, a
 * subquery that repeats its outer query.
 *
 * Preconditions: their rows are the same each time (no volatile function), and they end with an aggregate or a window. Joins
 * are computed again: what is above tells their scans which rows it would drop, others in each place. It comes before
 * columns are pruned, for each place may need others, and after everything that moves predicates, which tells places apart.
 */
export const commonSubplans: LogicalRule = {
  name: 'common_subplans',
  apply: (plan) => (hasCommon(plan) || !readsTwice(plan) ? plan : new Sharing(plan).run()),
}

function hasCommon(plan: LogicalPlan): boolean {
  return plan instanceof CommonSubplan || plan.children.some(hasCommon)
}

/** Whether some table is scanned twice. */
function readsTwice(plan: LogicalPlan): boolean {
  const seen = new Set<unknown>()
  const visit = (node: LogicalPlan): boolean => {
    if (!(node instanceof TableScan)) return node.children.some(visit)
    if (seen.has(node.provider)) return true
    seen.add(node.provider)
    return false
  }
  return visit(plan)
}

class Sharing {
  readonly #keys = new SubplanKeys()
  #root: LogicalPlan
  /** What the places of an id stand for. */
  readonly #inputs: LogicalPlan[] = []

  constructor(plan: LogicalPlan) {
    this.#root = plan
  }

  run(): LogicalPlan {
    for (let key = this.#largest(); key !== null; key = this.#largest()) this.#share(key)
    return this.#assemble(this.#root)
  }

  /** The key of the largest subplan that stands twice; null where none does. */
  #largest(): string | null {
    const found = new Map<string, { count: number; size: number }>()
    const visit = (node: LogicalPlan): void => {
      if (node instanceof CommonSubplan || node instanceof RecursiveQuery) return
      const key = isCandidate(node) ? this.#keys.of(node) : null
      if (key !== null) {
        const known = found.get(key)
        if (known === undefined) found.set(key, { count: 1, size: sizeOf(node) })
        else known.count++
      }
      node.children.forEach(visit)
    }
    for (const tree of [this.#root, ...this.#inputs]) visit(tree)
    let best: { key: string; size: number } | null = null
    for (const [key, { count, size }] of found) {
      if (count > 1 && (best === null || size > best.size)) best = { key, size }
    }
    return best?.key ?? null
  }

  /** Puts a leaf in each place of a subplan, which becomes a tree of its own. */
  #share(key: string): void {
    const id = this.#inputs.length
    let input: LogicalPlan | null = null
    const replace = (node: LogicalPlan): LogicalPlan => {
      if (node instanceof CommonSubplan || node instanceof RecursiveQuery) return node
      if (isCandidate(node) && this.#keys.of(node) === key) {
        input ??= node
        return new CommonSubplan(id, input, node.columns)
      }
      return mapChildren(node, replace)
    }
    this.#root = replace(this.#root)
    for (const [i, tree] of this.#inputs.entries()) {
      // A place that was the whole of a tree would be a subplan of its own size.
      this.#inputs[i] = mapChildren(tree, replace)
    }
    this.#inputs.push(input!)
  }

  #assemble(plan: LogicalPlan): LogicalPlan {
    if (plan instanceof RecursiveQuery) return plan
    if (!(plan instanceof CommonSubplan)) return mapChildren(plan, (child) => this.#assemble(child))
    const input = this.#assemble(this.#inputs[plan.id]!)
    return new CommonSubplan(plan.id + 1, input, plan.columns)
  }
}

function isCandidate(plan: LogicalPlan): boolean {
  return (plan instanceof Aggregate || plan instanceof Window) && readsTable(plan)
}

function readsTable(plan: LogicalPlan): boolean {
  return plan instanceof TableScan || plan.children.some(readsTable)
}

function sizeOf(plan: LogicalPlan): number {
  return plan.children.reduce((sum, child) => sum + sizeOf(child), 1)
}
