import { PrimitiveVector, INT64, NullVector, UINT32 } from '@volley/core'
import { Null } from 'apache-arrow'
import { expect, test } from 'vitest'
import { orderOfOrdinals } from '../src/sources/by-ordinals.ts'
import type { OrdinalColumn } from '../src/sources/fast-column.ts'

const column = (numTerms: number): OrdinalColumn => ({ numTerms }) as OrdinalColumn
const key = (ordinals: readonly (number | null)[]): PrimitiveVector => {
  const validity = new Uint8Array((ordinals.length + 7) >>> 3)
  ordinals.forEach((ordinal, i) => (validity[i >>> 3]! |= +(ordinal !== null) << (i & 7)))
  const hasNull = ordinals.includes(null)
  return new PrimitiveVector(
    UINT32,
    ordinals.length,
    hasNull ? validity : null,
    Uint32Array.from(ordinals, (ordinal) => ordinal ?? 0),
  )
}
const count = new PrimitiveVector(INT64, 4, null, new BigInt64Array(4))

test('groups of much of a dictionary come in the order of its terms, the one of NULL at the end', () => {
  expect(orderOfOrdinals(key([5, 0, 9, 2]), column(10), [count])).toEqual(Uint32Array.of(1, 3, 0, 2))
  expect(orderOfOrdinals(key([5, null, 9, 0]), column(10), [count])).toEqual(Uint32Array.of(3, 0, 2, 1))
  expect(orderOfOrdinals(key([null]), column(8), [])).toEqual(Uint32Array.of(0))
})

test('few groups, and those with states that are more to move, stay as they are', () => {
  expect(orderOfOrdinals(key([5, 0, 9, 2]), column(33), [count])).toBeNull()
  expect(orderOfOrdinals(key([5, 0, 9, 2]), column(10), [count, count, count])).toBeNull()
  expect(orderOfOrdinals(key([5, 0, 9, 2]), column(10), [new NullVector(new Null(), 4, null)])).toBeNull()
  expect(orderOfOrdinals(key([5]), undefined, [count])).toBeNull()
})
