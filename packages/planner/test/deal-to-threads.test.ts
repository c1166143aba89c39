import { expect, test } from 'vitest'
import type { ExecutionPlan } from '@volley/core'
import { dealToThreads } from '../src/distributed/deal-to-threads.ts'
import type { Distributable, SplitWeight } from '../src/index.ts'

function leaf(splits: readonly SplitWeight[], slices = true): Distributable {
  const self = (): ExecutionPlan => null as unknown as ExecutionPlan
  return { splitWeights: () => splits, forTask: self, ...(slices ? { forSlice: self } : {}) }
}

const weights = (...all: number[]): SplitWeight[] => all.map((weight, i) => ({ id: `s${i}`, weight }))
const deal = (leaves: Distributable[], threads: number): string[] => {
  const splits = leaves.flatMap((each) => each.splitWeights())
  const names = Array.from({ length: threads }, (_, i) => `local:${i}`)
  return dealToThreads(leaves, splits, names).map(
    ({ worker, splits, slice }) =>
      `${worker} ${splits.join(',')}${slice === null ? '' : ` ${slice.index}/${slice.count}`}`,
  )
}

test('whole splits where they keep the threads evenly busy, else a part of each', () => {
  expect(deal([leaf(weights(5, 5, 10, 10))], 2)).toEqual(['local:0 s0,s2', 'local:1 s1,s3'])
  expect(deal([leaf(weights(30, 10))], 2)).toEqual(['local:0 s0,s1 0/2', 'local:1 s0,s1 1/2'])
  expect(deal([leaf(weights(10))], 3)).toEqual(['local:0 s0 0/3', 'local:1 s0 1/3', 'local:2 s0 2/3'])
  expect(deal([leaf([])], 2)).toEqual(['local:0  0/2', 'local:1  1/2'])
})

test('what cannot be cut is dealt whole, to one thread where it stands beside tables without splits', () => {
  expect(deal([leaf(weights(30, 10), false)], 2)).toEqual(['local:0 s0', 'local:1 s1'])
  expect(deal([leaf(weights(30), false)], 2)).toEqual(['local:0 s0'])
  expect(deal([leaf(weights(30, 30), false), leaf([])], 2)).toEqual(['local:0 s0,s1'])
})
