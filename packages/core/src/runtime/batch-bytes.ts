import type { RecordBatch } from '../vectors/record-batch.ts'
import type {
  BoolVector,
  BytesVector,
  ConstantVector,
  DictionaryVector,
  ListVector,
  PrimitiveVector,
  StructVector,
  Vector,
} from '../vectors/vector.ts'

/**
 * Bytes that the columns of a batch take. Dictionaries that several columns or batches share are counted in each, or, with
 * `seen`, where they are met first.
 */
export function batchBytes(batch: RecordBatch, seen: Set<Vector> | null = null): number {
  return batch.columns.reduce((sum, column) => sum + vectorBytes(column, seen), 0)
}

function vectorBytes(vector: Vector, seen: Set<Vector> | null): number {
  const validity = vector.validity?.byteLength ?? 0
  switch (vector.encoding) {
    case 'primitive':
      return validity + (vector as PrimitiveVector).values.byteLength
    case 'bool':
      return validity + (vector as BoolVector).bits.byteLength
    case 'bytes': {
      const { offsets, length } = vector as BytesVector
      return validity + offsets.byteLength + offsets[length]! - offsets[0]!
    }
    case 'dictionary': {
      const { codes, dictionary } = vector as DictionaryVector
      const known = seen?.has(dictionary) === true
      seen?.add(dictionary)
      return validity + codes.byteLength + (known ? 0 : vectorBytes(dictionary, seen))
    }
    case 'constant':
      return vectorBytes((vector as ConstantVector).value, seen)
    case 'list':
      return validity + (vector as ListVector).offsets.byteLength + vectorBytes((vector as ListVector).child, seen)
    case 'struct':
      return (vector as StructVector).children.reduce((sum, child) => sum + vectorBytes(child, seen), validity)
    default:
      return 0
  }
}
