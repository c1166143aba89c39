import { SqlState, VolleyError } from '@volley/core'
import type { TableProvider } from '@volley/planner'
import { constantKey } from '../constant-key.ts'
import { SeriesTable } from './series-table.ts'
import type { TableFunction } from './session-catalog.ts'

/** Calls whose tables are remembered. */
const REMEMBERED = 64

function series(name: string, inclusive: boolean): readonly [string, TableFunction] {
  const known = new Map<string, TableProvider>()
  const make = seriesOf(name, inclusive)
  return [
    name,
    async (args): Promise<TableProvider> => {
      const key = args.map(constantKey).join()
      const table = known.get(key) ?? make(args)
      known.delete(key)
      known.set(key, table)
      if (known.size > REMEMBERED) known.delete(known.keys().next().value!)
      return table
    },
  ]
}

function seriesOf(name: string, inclusive: boolean): (args: Parameters<TableFunction>[0]) => TableProvider {
  return (args) => {
    if (args.length < 1 || args.length > 3)
      throw new VolleyError(`${name} takes a start, a stop and a step`, { code: SqlState.undefinedFunction })
    if (args.includes(null)) return new SeriesTable(name, 0n, 1n, 0)
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
    if (count > Number.MAX_SAFE_INTEGER)
      throw new VolleyError(`${name} of ${count} rows is too long`, { code: SqlState.numericValueOutOfRange })
    return new SeriesTable(name, start, step, Number(count))
  }
}

/** Table functions of integers: `generate_series(1, 10)` with its stop, `range(0, 10)` without. */
export const seriesFunctions: ReadonlyMap<string, TableFunction> = new Map([
  series('generate_series', true),
  series('range', false),
])
