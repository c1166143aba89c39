import { Json } from '@volley/core'
import type { TableColumn } from '@volley/planner'
import { Bool, type DataType, Field, Float64, Int64, List, TimeUnit, Timestamp, Uint64, Utf8 } from 'apache-arrow'
import {
  type DocMapping,
  DYNAMIC_COLUMN,
  type DatetimePrecision,
  type MappedField,
  SOURCE_COLUMN,
} from './doc-mapping.ts'

/**
 * The columns of an index: its leaves in declared order, `_dynamic` where the mode is dynamic, and `_source`, which is not
 * part of `*`. A field that is neither stored nor fast has no value: it can be searched only.
 */
export function columnsOf(mapping: DocMapping): TableColumn[] {
  const columns: TableColumn[] = []
  const names = new Set<string>()
  for (const field of [...mapping.fields, ...(mapping.dynamic ? [mapping.dynamic] : [])]) {
    if (names.has(field.name)) continue
    names.add(field.name)
    const selectable = field.stored || field.fast
    columns.push({
      name: field.name,
      type: columnType(field),
      nullable: true,
      visible: selectable,
      selectable,
      searchable: field.indexed || field.fast,
      comment: describeField(field),
    })
  }
  if (!names.has(SOURCE_COLUMN)) {
    columns.push({
      name: SOURCE_COLUMN,
      type: new Json(),
      nullable: false,
      visible: false,
      selectable: true,
      searchable: false,
      comment: 'the stored document',
    })
  }
  return columns
}

/** The Arrow type of a field's column. */
export function columnType(field: Pick<MappedField, 'type' | 'array' | 'precision'>): DataType {
  const item = itemType(field)
  return field.array ? new List(new Field('item', item, true)) : item
}

const UNITS: Record<DatetimePrecision, TimeUnit> = {
  seconds: TimeUnit.SECOND,
  milliseconds: TimeUnit.MILLISECOND,
  microseconds: TimeUnit.MICROSECOND,
  nanoseconds: TimeUnit.NANOSECOND,
}

/** The Arrow type of one value of a field. */
function itemType(field: Pick<MappedField, 'type' | 'precision'>): DataType {
  switch (field.type) {
    case 'u64':
      return new Uint64()
    case 'i64':
      return new Int64()
    case 'f64':
      return new Float64()
    case 'bool':
      return new Bool()
    case 'datetime':
      return new Timestamp(UNITS[field.precision ?? 'nanoseconds'], null)
    case 'json':
      return new Json()
    case 'text':
    case 'ip':
    case 'bytes':
    case 'concatenate':
      return new Utf8()
  }
}

/** What DESCRIBE says of a field, such as `fast (raw), indexed (default, position), stored`. */
export function describeField(field: MappedField): string {
  const parts: string[] = []
  if (field.fast)
    parts.push(
      field.normalizer
        ? `fast (${field.normalizer})`
        : field.type === 'datetime'
          ? `fast (${field.precision})`
          : 'fast',
    )
  if (field.indexed) parts.push(field.tokenizer ? `indexed (${field.tokenizer}, ${field.record})` : 'indexed')
  if (field.stored) parts.push('stored')
  if (field.type === 'concatenate') parts.push('concatenate')
  if (field.name === DYNAMIC_COLUMN) parts.push('what the mapping does not name')
  return parts.join(', ')
}
