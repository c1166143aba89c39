import { expect, test } from 'vitest'
import { multisetDifference } from '../src/index.ts'

test('a lost or a doubled duplicate is a difference', () => {
  expect(multisetDifference([[1n], [1n], [2n]], [[2n], [1n], [1n]])).toBeNull()
  expect(multisetDifference([[1n], [2n]], [[1n], [1n], [2n]])).toBe('2 rows, expected 3; 1 missing: 1 x (1n)')
  expect(multisetDifference([[1n], [1n]], [[1n]])).toBe('2 rows, expected 1; 1 too many: 1 x (1n)')
})

test('NULL, text, numbers and their types are told apart', () => {
  for (const [a, b] of [
    [null, 'NULL'],
    ['1', 1n],
    [1, 1n],
    [true, 'true'],
    [[1n], 1n],
    ['', null],
    [Number.NaN, null],
  ]) {
    expect(multisetDifference([[a]], [[b]])).not.toBeNull()
  }
  expect(multisetDifference([[-0, Number.NaN]], [[0, Number.NaN]])).toBeNull()
  expect(multisetDifference([['a', 'b|c']], [['a|b', 'c']])).not.toBeNull()
})

test('neighbours among 64-bit integers are told apart, doubles by 12 digits', () => {
  expect(multisetDifference([[(1n << 53n) + 1n]], [[1n << 53n]])).not.toBeNull()
  expect(multisetDifference([[0.1 + 0.2]], [[0.3]])).toBeNull()
  expect(multisetDifference([[0.3000001]], [[0.3]])).not.toBeNull()
})
