import { formatPlan, ReadSharedRowsExec, SharedRowsExec, transformPlan, type ExecutionPlan } from '@volley/core'

/**
 * Common subplans of a plan, or of the part of a plan, that runs in one task: the first place of each executes it, the others read its rows. One that
 * rules have made different in its places is executed in each.
 */
export function linkSharedRows(plan: ExecutionPlan): ExecutionPlan {
  const places = new Map<number, Place>()
  count(plan, places)
  return places.size === 0 ? plan : link(plan, places)
}

/**
 * Marks of common subplans for a plan that is cut into stages: those stay that are the same in all their places and are
 * gathered there, so that where the places are in one task their rows can be shared. Any other stands there alone.
 */
export function gatheredSharedRows(plan: ExecutionPlan, isSpread: (plan: ExecutionPlan) => boolean): ExecutionPlan {
  const places = new Map<number, Place>()
  count(plan, places)
  const keep = (node: SharedRowsExec): boolean =>
    !isSpread(node.input) && places.get(node.id)!.readers > 1 && places.get(node.id)!.text === textOf(node.input)
  return transformPlan(plan, (node) => (node instanceof SharedRowsExec && !keep(node) ? node.input : node))
}

/** Every common subplan as if it stood there alone. */
export function withoutSharedRows(plan: ExecutionPlan): ExecutionPlan {
  return transformPlan(plan, (node) => (node instanceof SharedRowsExec ? node.input : node))
}

interface Place {
  readonly text: string
  readers: number
  /** The node that executes it, once it is linked, and how many read from it so far. */
  source: SharedRowsExec | null
  linked: number
}

/** The text of a plan, in which numbers that rules give anew, and those of stages, are left out. */
function textOf(plan: ExecutionPlan): string {
  return formatPlan(plan).replaceAll(/#\d+|\bstage=\d+/g, '#')
}

function count(plan: ExecutionPlan, places: Map<number, Place>): void {
  if (plan instanceof SharedRowsExec) {
    const text = textOf(plan.input)
    const known = places.get(plan.id)
    if (known === undefined) places.set(plan.id, { text, readers: 1, source: null, linked: 1 })
    else if (known.text === text) {
      known.readers++
      return
    }
  }
  for (const child of plan.children) count(child, places)
}

function link(plan: ExecutionPlan, places: ReadonlyMap<number, Place>): ExecutionPlan {
  if (!(plan instanceof SharedRowsExec)) {
    const children = plan.children.map((child) => link(child, places))
    return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
  }
  const place = places.get(plan.id)!
  if (place.readers === 1 || place.text !== textOf(plan.input)) return link(plan.input, places)
  if (place.source !== null) return new ReadSharedRowsExec(place.source, place.linked++)
  return (place.source = new SharedRowsExec(plan.id, link(plan.input, places), place.readers))
}
