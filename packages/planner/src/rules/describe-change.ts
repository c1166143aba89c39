/** What logical and physical plans have in common for their readers. */
export interface PlanNode {
  readonly kind: string
  readonly children: readonly PlanNode[]
  details(): readonly (readonly [key: string, value: string])[]
}

/** A rule that changed a plan, what it changed, and the plan that it left. */
export interface PlanChange<T extends PlanNode> {
  readonly rule: string
  /** In one line: `without FilterExec; FastFieldExec filters=[n > 1]`. */
  readonly did: string
  readonly plan: T
}

/** Values of details longer than this are cut. */
const LONGEST = 100

/**
 * The change from one plan to the other as EXPLAIN shows it; null where both read alike. Nodes that are gone and nodes that
 * came are paired by their kind, in the order of the plans; of a pair the details that differ are named.
 */
export function describeChange<T extends PlanNode>(rule: string, before: T, after: T): PlanChange<T> | null {
  if (before === after || shapeOf(before) === shapeOf(after)) return null
  const [old, now] = [nodesIn(before), nodesIn(after)]
  const gone = without(old, now)
  const came = without(now, old)
  const left = new Map<string, number>()
  const changed: string[] = []
  const added: string[] = []
  for (const node of came) {
    const at = gone.findIndex(({ kind }) => kind === node.kind)
    if (at < 0) added.push(`new ${node.kind}${detailsOf(node.details())}`)
    else changed.push(`${node.kind}${difference(gone.splice(at, 1)[0]!, node)}`)
  }
  for (const { kind } of gone) left.set(kind, (left.get(kind) ?? 0) + 1)
  const removed = [...left].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`))
  const parts = [...(removed.length === 0 ? [] : [`without ${removed.join(', ')}`]), ...changed, ...added]
  return { rule, did: parts.length === 0 ? 'nodes in another order' : parts.join('; '), plan: after }
}

function nodesIn(plan: PlanNode): PlanNode[] {
  return [plan, ...plan.children.flatMap(nodesIn)]
}

const lineOf = (node: PlanNode): string =>
  `${node.kind} ${node
    .details()
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')}`

const shapeOf = (plan: PlanNode): string => `${lineOf(plan)}(${plan.children.map(shapeOf).join('\n')})`

/** The nodes of the first list that read as none of the other, each of which counts once. */
function without(nodes: readonly PlanNode[], others: readonly PlanNode[]): PlanNode[] {
  const counts = new Map<string, number>()
  for (const line of others.map(lineOf)) counts.set(line, (counts.get(line) ?? 0) + 1)
  return nodes.filter((node) => {
    const line = lineOf(node)
    const count = counts.get(line) ?? 0
    counts.set(line, count - 1)
    return count < 1
  })
}

function difference(before: PlanNode, after: PlanNode): string {
  const [old, now] = [new Map(before.details()), new Map(after.details())]
  const lost = [...old.keys()].filter((key) => !now.has(key)).map((key) => ` without ${key}`)
  const differing = [...now].filter(([key, value]) => old.get(key) !== value)
  return [detailsOf(differing), ...lost].filter((part) => part !== '').join(',')
}

function detailsOf(details: readonly (readonly [string, string])[]): string {
  return details
    .map(([key, value]) => ` ${key}=${value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}`)
    .join(',')
}
