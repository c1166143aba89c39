import fs from 'node:fs'

/** One of ClickBench's queries, numbered from 1. */
export interface HitsQuery {
  readonly number: number
  readonly sql: string
  /** The same with its sort keys among the columns. */
  readonly keyedSql: string
  /** Positions of the sort keys in the rows of `keyedSql`; null where the order is not asked for. */
  readonly keys: readonly number[] | null
}

/** Sort keys by number: where a LIMIT cuts through rows with equal ones, any of them are right. */
const KEYS: Readonly<Record<number, readonly number[]>> = {
  8: [1],
  9: [1],
  10: [2],
  11: [1],
  12: [2],
  13: [1],
  14: [1],
  15: [2],
  16: [1],
  17: [2],
  19: [3],
  22: [2],
  23: [3],
  24: [4],
  25: [1],
  26: [0],
  27: [1, 0],
  28: [1],
  29: [1],
  31: [2],
  32: [2],
  33: [2],
  34: [1],
  35: [2],
  36: [4],
  37: [1],
  38: [1],
  39: [1],
  40: [5],
  41: [2],
  42: [2],
  43: [0],
}

export interface HitsScale {
  /** Replaces what HAVING asks for, 100,000 rows in a group. */
  readonly having?: number
  /** Replaces offsets, of 100 to 10,000 rows. */
  readonly offset?: number
}

/** The 43 queries; names are quoted, for they have capitals. A small table needs another scale to find something. */
export function hitsQueries({ having, offset }: HitsScale = {}): HitsQuery[] {
  const text = fs.readFileSync(new URL('queries.sql', import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line, i) => {
      let sql = line.replace(/;$/, '')
      if (having !== undefined) sql = sql.replace('> 100000', `> ${having}`)
      if (offset !== undefined) sql = sql.replace(/OFFSET \d+$/, `OFFSET ${offset}`)
      const number = i + 1
      const keyedSql = [25, 27].includes(number)
        ? sql.replace('SELECT "SearchPhrase"', 'SELECT "SearchPhrase", "EventTime"')
        : sql
      return { number, sql, keyedSql, keys: KEYS[number] ?? null }
    })
}
