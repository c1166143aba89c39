import { expect, test } from 'vitest'
import { runStart } from '../src/tables/even-runs.ts'

test('even runs of a range leave out no row, whatever their number', () => {
  for (let rows = 0; rows < 300; rows++) {
    for (let count = 1; count <= 100; count++) {
      const range = [7, 7 + rows] as const
      let before = 7
      for (let i = 0; i <= count; i++) {
        const start = runStart(range, i, count)
        if (start < before) throw new Error(`run ${i} of ${count} begins before the one before it`)
        before = start
      }
      expect([runStart(range, 0, count), before]).toEqual([7, 7 + rows])
    }
  }
})
