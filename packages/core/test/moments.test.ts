import { Arena, Region } from '@volley/kernels'
import { expect, test } from 'vitest'
import { MOMENT_FUNCTIONS } from '../src/aggregates/moments.ts'
import { FLOAT64, scalarAt, vectorOf } from '../src/index.ts'

const groups = (count: number): Uint32Array => new Uint32Array(count)

/** The result over rows that are added to one state each, which are merged. */
function merged(name: string, parts: readonly (readonly number[])[]): unknown {
  const region = new Region(new Arena({ reserveBytes: 1 << 20 }))
  const { createAccumulator } = MOMENT_FUNCTIONS.find((fn) => fn.name === name)!
  const whole = createAccumulator([FLOAT64])
  for (const part of parts) {
    const own = createAccumulator([FLOAT64])
    own.update(1, groups(part.length), [vectorOf(FLOAT64, part, region)], null, part.length)
    whole.merge(1, groups(1), own.state(1, region), null, 1)
  }
  return scalarAt(whole.evaluate(1, region), 0)
}

test('squares that overflow give one result in any order and any parts', () => {
  const orders = [
    [[1.7e308, -1.7e308, 1]],
    [[1], [-1.7e308, 1.7e308]],
    [[-1.7e308], [1.7e308], [1]],
    [[1, 1.7e308], [-1.7e308]],
    [[Infinity, 1, -1]],
    [[1], [Infinity], [-1]],
  ]
  for (const name of ['stddev_samp', 'var_pop']) {
    expect(orders.map((parts) => merged(name, parts))).toEqual(orders.map(() => NaN))
    expect(merged(name, [[1, 3]])).toBeCloseTo(name === 'var_pop' ? 1 : Math.SQRT2)
  }
})
