import {
  BOOL,
  DATE,
  FLOAT64,
  INT32,
  INT64,
  JSON_TYPE,
  listType,
  TimeUnit,
  timestampType,
  UINT64,
  UTF8,
} from '@volley/core'
import { MemoryCatalog, MemoryTable } from './memory-catalog.ts'

/** A catalog of a log table with a text index, a trace table, and a table without an index. */
export function demoCatalog(): MemoryCatalog {
  return new MemoryCatalog([
    new MemoryTable('logs', {
      ts: timestampType(TimeUnit.MILLISECOND),
      service: UTF8,
      n: INT64,
      u: UINT64,
      f: { type: FLOAT64, searchable: false },
      body: JSON_TYPE,
      'o.inner.level': INT32,
      UserID: INT64,
      words: { type: UTF8, selectable: false },
      _source: { type: JSON_TYPE, visible: false },
    }),
    new MemoryTable('spans', { trace: UTF8, span: UTF8, parent: UTF8, service: UTF8, ms: INT64 }),
    new MemoryTable('plain', { a: INT32, b: UTF8, ok: BOOL, day: DATE, list: listType(INT64) }, false),
    new MemoryTable('otel-logs-v0_9', { message: UTF8 }),
  ])
}
