import { jsonNumber } from '../mapping/json-text.ts'
import type { Json } from '../query-dsl/body.ts'

/** JSON text without spaces; doubles stay doubles. */
export function compactJson(value: Json): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return jsonNumber(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(compactJson).join(',')}]`
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${compactJson(member as Json)}`)
    .join(',')}}`
}
