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

/** Bytes that the columns of a batch take; what several columns or batches share is counted in each. */
export function batchBytes(batch: RecordBatch): number {
  return batch.columns.reduce((sum, column) => sum + vectorBytes(column), 0)
}

function vectorBytes(vector: Vector): number {
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
      return validity + codes.byteLength + vectorBytes(dictionary)
    }
    case 'constant':
      return vectorBytes((vector as ConstantVector).value)
    case 'list':
      return validity + (vector as ListVector).offsets.byteLength + vectorBytes((vector as ListVector).child)
    case 'struct':
      return (vector as StructVector).children.reduce((sum, child) => sum + vectorBytes(child), validity)
    default:
      return 0
  }
}
