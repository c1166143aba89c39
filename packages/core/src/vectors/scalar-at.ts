import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { readDecimal } from './build.ts'
import { decodeText } from './utf8.ts'
import type {
  BoolVector,
  BytesVector,
  ConstantVector,
  DictionaryVector,
  ListVector,
  PrimitiveVector,
  StructVector,
  Vector,
} from './vector.ts'

/** The value of one row; for edges and tests, never per row inside. */
export function scalarAt(vector: Vector, row: number): ScalarValue {
  if (!vector.isValid(row)) return null
  switch (vector.encoding) {
    case 'null':
      return null
    case 'constant':
      return scalarAt((vector as ConstantVector).value, 0)
    case 'dictionary':
      return scalarAt((vector as DictionaryVector).dictionary, (vector as DictionaryVector).codes[row]!)
    case 'bool':
      return (((vector as BoolVector).bits[row >>> 3]! >>> (row & 7)) & 1) === 1
    case 'bytes': {
      const { offsets, bytes } = vector as BytesVector
      const start = offsets[row]!
      const end = offsets[row + 1]!
      return typeName(vector.type) === 'Binary' ? bytes.slice(start, end) : decodeText(bytes, start, end)
    }
    case 'list': {
      const { offsets, child } = vector as ListVector
      const items: ScalarValue[] = []
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) items.push(scalarAt(child, i))
      return items
    }
    case 'primitive': {
      const { values } = vector as PrimitiveVector
      const name = typeName(vector.type)
      if (name === 'Decimal') return readDecimal(values as Uint32Array, row)
      if (name !== 'Interval') return values[row]!
      const words = values as Int32Array
      const nanos = (BigInt(words[row * 4 + 3]!) << 32n) | BigInt(words[row * 4 + 2]! >>> 0)
      return { months: words[row * 4]!, days: words[row * 4 + 1]!, nanos }
    }
    case 'struct':
      return (vector as StructVector).children.map((child) => scalarAt(child, row))
  }
}
