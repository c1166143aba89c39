import type { VolleySession } from 'volley'
import { queryRows, type SettingValues } from '../../src/index.ts'

/** What EXPLAIN ANALYZE prints of a query. */
export async function analyzed(session: VolleySession, sql: string, settings: SettingValues = {}): Promise<string> {
  const rows = await queryRows(session, `EXPLAIN ANALYZE ${sql}`, settings)
  return rows.map((row) => String(row[0])).join('\n')
}

/** Sum of a counter over the nodes of an analyzed plan, or over those of one kind. */
export function counter(plan: string, name: string, kind = ''): number {
  const lines = plan.split('\n').filter((line) => line.includes(kind))
  const found = lines.flatMap((line) => [...line.matchAll(new RegExp(`\\b${name}=([\\d,]+)`, 'g'))])
  return found.reduce((sum, [, value]) => sum + Number(value!.replaceAll(',', '')), 0)
}
