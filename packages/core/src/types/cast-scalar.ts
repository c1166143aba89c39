import type { DataType } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import type { ScalarValue } from './scalar-value.ts'

/**
 * Casts one value by PostgreSQL's rules.
 *
 * @throws VolleyError with the SQLSTATE that PostgreSQL gives (22P02, 22003, 22007, 22008, 42846).
 */
export function castScalar(_value: ScalarValue, from: DataType, to: DataType): ScalarValue {
  throw notSupported(`a cast of ${from} to ${to}`)
}
