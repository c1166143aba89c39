import { BOOL, FLOAT64, INT64, JSON_TYPE, listType, TimeUnit, timestampType, UINT64, UTF8 } from '@volley/core'
import type { DataType } from 'apache-arrow'
import fs from 'node:fs'
import path from 'node:path'
import { type ColumnSpec, MemoryTable } from '../memory-catalog.ts'

interface FieldMapping {
  readonly name: string
  readonly type: string
  readonly fast?: unknown
  readonly stored?: boolean
  readonly indexed?: boolean
  readonly fast_precision?: string
  readonly field_mappings?: readonly FieldMapping[]
}

const UNITS: Readonly<Record<string, TimeUnit>> = {
  seconds: TimeUnit.SECOND,
  milliseconds: TimeUnit.MILLISECOND,
  microseconds: TimeUnit.MICROSECOND,
  nanoseconds: TimeUnit.NANOSECOND,
}

function typeOf(field: FieldMapping): DataType {
  const array = /^array<(.*)>$/.exec(field.type)
  if (array !== null) return listType(typeOf({ ...field, type: array[1]! }))
  switch (field.type) {
    case 'u64':
      return UINT64
    case 'i64':
      return INT64
    case 'f64':
      return FLOAT64
    case 'bool':
      return BOOL
    case 'json':
      return JSON_TYPE
    case 'datetime':
      return timestampType(field.fast ? UNITS[field.fast_precision ?? 'seconds']! : TimeUnit.NANOSECOND)
    default:
      return UTF8
  }
}

function addColumns(columns: Record<string, ColumnSpec>, fields: readonly FieldMapping[], prefix: string): void {
  for (const field of fields) {
    const name = `${prefix}${field.name}`
    if (field.type === 'object') addColumns(columns, field.field_mappings ?? [], `${name}.`)
    else {
      columns[name] = {
        type: typeOf(field),
        selectable: Boolean(field.fast) || field.stored !== false,
        searchable: field.indexed !== false,
      }
    }
  }
}

/** The tables of a folder of Quickwit indexes, by their current doc mappings. */
export function quickwitTables(indexes: string): MemoryTable[] {
  const names = fs.readdirSync(indexes).filter((name) => fs.existsSync(path.join(indexes, name, 'metastore.json')))
  return names.map((name) => {
    const metastore = JSON.parse(fs.readFileSync(path.join(indexes, name, 'metastore.json'), 'utf8'))
    const { doc_mapping: mapping, index_id: id } = metastore.index.index_config
    const columns: Record<string, ColumnSpec> = {}
    addColumns(columns, mapping.field_mappings, '')
    if (mapping.mode === 'dynamic') columns['_dynamic'] = JSON_TYPE
    columns['_source'] = { type: JSON_TYPE, visible: false }
    return new MemoryTable(id, columns)
  })
}
