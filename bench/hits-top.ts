import type { HitsQuery } from '@volley/testing'

const forms: readonly { readonly sql: string; readonly keys: readonly number[] }[] = [
  { sql: 'SELECT "WatchID", "EventTime" FROM hits ORDER BY "EventTime" DESC, "WatchID"', keys: [1, 0] },
  { sql: 'SELECT "UserID", "WatchID" FROM hits ORDER BY "UserID", "WatchID"', keys: [0, 1] },
  {
    sql: 'SELECT "ResolutionWidth", "EventTime", "WatchID" FROM hits ORDER BY "ResolutionWidth" DESC, "EventTime", "WatchID"',
    keys: [0, 1, 2],
  },
  { sql: 'SELECT "SearchPhrase", "WatchID" FROM hits ORDER BY "SearchPhrase" DESC, "WatchID"', keys: [0, 1] },
  {
    sql: `SELECT "EventTime", "WatchID" FROM hits WHERE "SearchPhrase" <> '' ORDER BY "EventTime", "WatchID"`,
    keys: [0, 1],
  },
  { sql: 'SELECT "WatchID", "URL", "Title", "RegionID", "EventTime" FROM hits ORDER BY "WatchID"', keys: [0] },
  {
    sql: 'SELECT "EventTime", "WatchID" FROM hits WHERE "CounterID" = 62 ORDER BY "EventTime" DESC, "WatchID"',
    keys: [0, 1],
  },
]

/** The first `k` rows by fast fields, the last of which parts all rows. */
export function topQueries(k: number): readonly HitsQuery[] {
  return forms.map(({ sql, keys }, i) => {
    const limited = `${sql} LIMIT ${k}`
    return { number: i + 1, sql: limited, keyedSql: limited, keys }
  })
}
