import { INT64, SqlState, VolleyError, type ScalarValue } from '@volley/core'
import type { TableProvider } from '@volley/planner'
import { StaticRows } from '../static-rows.ts'
import { MemoryTable } from './memory-table.ts'
import type { TableFunction } from './session-catalog.ts'

const MAX_ROWS = 100_000_000n

function series(name: string, inclusive: boolean): readonly [string, TableFunction] {
  return [
    name,
    async (args): Promise<TableProvider> => {
      if (args.length < 1 || args.length > 3)
        throw new VolleyError(`${name} takes a start, a stop and a step`, { code: SqlState.undefinedFunction })
      const column = { name: 'value', type: INT64, nullable: false, visible: true, selectable: true, searchable: false }
      if (args.includes(null)) return new MemoryTable(name, [column], [])
      const numbers = args.map((arg) => {
        if (typeof arg === 'bigint' || (typeof arg === 'number' && Number.isInteger(arg))) return BigInt(arg)
        throw new VolleyError(`${name} takes integers`, { code: SqlState.undefinedFunction })
      })
      const [start, stop] = numbers.length === 1 ? [0n, numbers[0]!] : [numbers[0]!, numbers[1]!]
      const step = numbers[2] ?? 1n
      if (step === 0n) throw new VolleyError('step size cannot be zero', { code: SqlState.invalidParameterValue })
      const distance = (step > 0n ? stop - start : start - stop) + (inclusive ? 1n : 0n)
      const size = step > 0n ? step : -step
      const count = distance <= 0n ? 0n : (distance + size - 1n) / size
      if (count > MAX_ROWS)
        throw new VolleyError(`${name} of ${count} rows is too long`, { code: SqlState.numericValueOutOfRange })
      const rows = Array.from({ length: Number(count) }, (_, i): ScalarValue[] => [start + BigInt(i) * step])
      return new MemoryTable(name, [column], new StaticRows([['value', INT64]], rows).batches())
    },
  ]
}

/** Table functions of integers: `generate_series(1, 10)` with its stop, `range(0, 10)` without. */
export const seriesFunctions: ReadonlyMap<string, TableFunction> = new Map([
  series('generate_series', true),
  series('range', false),
])
