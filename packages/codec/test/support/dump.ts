import { AggregateCall, ExecutionPlan, Expr, WindowCall } from '@volley/core'
import { DataType, Field, RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'

/**
 * All that a plan is made of, as text: every own property of every object, so that a field which an encoding drops shows,
 * whatever EXPLAIN prints.
 */
export function dump(value: unknown): string {
  return JSON.stringify(plain(value), null, 1)
}

function plain(value: unknown): unknown {
  if (value === undefined) return 'undefined'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return { map: [...value].map(plain) }
  if (value instanceof ArrowRecordBatch) return { batch: value.toArray().map((row) => String(row)) }
  if (value instanceof DataType) return { ...own(value), type: value.toString() }
  if (value instanceof Schema || value instanceof Field) return { arrow: value.constructor.name, ...own(value) }
  if (value instanceof ExecutionPlan) {
    return {
      plan: value.constructor.name,
      ...own(value),
      ordering: plain(value.ordering),
      partitioning: plain(value.partitioning),
      inputs: plain(value.children),
    }
  }
  if (value instanceof Expr || value instanceof AggregateCall || value instanceof WindowCall) {
    return { of: value.constructor.name, ...own(value) }
  }
  if ('name' in value && 'examples' in value) return { function: value.name }
  return own(value)
}

function own(value: object): Record<string, unknown> {
  const entries = Object.entries(value).filter(([key]) => key !== 'dictionaries' && key !== 'metadataVersion')
  return Object.fromEntries(entries.map(([key, each]) => [key, plain(each)]))
}
