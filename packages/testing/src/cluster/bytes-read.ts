import type { NodeMetrics } from '@volley/worker'
import type { VolleySession } from 'volley'

/** Runs a query, and gives the bytes that its sources have asked their stores for. */
export async function bytesRead(session: VolleySession, sql: string): Promise<number> {
  const { metrics } = await session.explain(sql, { analyze: true })
  let bytes = 0
  const visit = (node: NodeMetrics): void => {
    bytes += node.counters.get('bytes_read') ?? 0
    node.children.forEach(visit)
  }
  visit(metrics!.root)
  for (const { plan } of metrics!.stages) if (plan !== null) visit(plan)
  return bytes
}
