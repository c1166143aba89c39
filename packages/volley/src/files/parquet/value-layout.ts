import { typeName, typesEqual } from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { ColumnMetaData, SchemaElement, SchemaTree } from 'hyparquet'
import { typeOf } from './parquet-types.ts'

/**
 * How values are stored, and how they become a vector's. `copy`: as they are; `narrow`: the lower bytes of 32 bits;
 * `widen` and `big-endian`: integers that become decimals of four words; `text`: bytes behind their length; `bits`:
 * booleans, eight a byte.
 */
export interface ValueLayout {
  readonly kind: 'copy' | 'narrow' | 'widen' | 'big-endian' | 'text' | 'bits'
  /** Bytes of a value in a page; 0 for text and bits. */
  readonly stored: number
  /** Bytes of a value in a vector. */
  readonly width: number
}

const READ_HERE = new Set(['PLAIN', 'RLE', 'RLE_DICTIONARY', 'PLAIN_DICTIONARY', 'BIT_PACKED'])

/**
 * How to read a column chunk as vectors of a type; null where a library has to: nested columns, rare encodings, types
 * whose values must be computed, and columns that are of another type in the table.
 */
export function layoutOf(tree: SchemaTree | undefined, chunk: ColumnMetaData, type: DataType): ValueLayout | null {
  if (tree === undefined || tree.children.length > 0) return null
  const { element } = tree
  if (element.repetition_type === 'REPEATED' || !typesEqual(typeOf(tree), type)) return null
  if (!chunk.encodings.every((encoding) => READ_HERE.has(encoding))) return null
  return layoutOfType(element, typeName(type))
}

function layoutOfType(element: SchemaElement, name: string): ValueLayout | null {
  switch (element.type) {
    case 'BOOLEAN':
      return name === 'Bool' ? { kind: 'bits', stored: 0, width: 1 } : null
    case 'BYTE_ARRAY':
      return ['Utf8', 'Json', 'Binary'].includes(name) ? { kind: 'text', stored: 0, width: 4 } : null
    case 'INT32':
      if (name === 'Decimal') return { kind: 'widen', stored: 4, width: 16 }
      if (name === 'Int8' || name === 'Uint8') return { kind: 'narrow', stored: 4, width: 1 }
      if (name === 'Int16' || name === 'Uint16') return { kind: 'narrow', stored: 4, width: 2 }
      return ['Int32', 'Uint32', 'Date'].includes(name) ? { kind: 'copy', stored: 4, width: 4 } : null
    case 'INT64':
      if (name === 'Decimal') return { kind: 'widen', stored: 8, width: 16 }
      return ['Int64', 'Uint64', 'Timestamp'].includes(name) ? { kind: 'copy', stored: 8, width: 8 } : null
    case 'FLOAT':
      return name === 'Float32' ? { kind: 'copy', stored: 4, width: 4 } : null
    case 'DOUBLE':
      return name === 'Float64' ? { kind: 'copy', stored: 8, width: 8 } : null
    case 'FIXED_LEN_BYTE_ARRAY': {
      const length = element.type_length ?? 0
      return name === 'Decimal' && length > 0 && length <= 16 ? { kind: 'big-endian', stored: length, width: 16 } : null
    }
    default:
      return null
  }
}
