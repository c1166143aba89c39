import type { HitsQuery } from '@volley/testing'

interface WordQuery extends HitsQuery {
  /** What DuckDB is timed with: the scan that finds about the same rows. */
  readonly like: string
}

const forms: readonly { readonly sql: string; readonly keys: readonly number[] | null }[] = [
  { sql: `SELECT COUNT(*) FROM hits WHERE match("URL", 'google')`, keys: null },
  { sql: `SELECT COUNT(*), AVG("ResolutionWidth") FROM hits WHERE match("Title", 'google')`, keys: null },
  {
    sql: `SELECT "CounterID", COUNT(*) AS c FROM hits WHERE match("URL", 'googlemaps') GROUP BY "CounterID" ORDER BY c DESC LIMIT 10`,
    keys: [1],
  },
  {
    sql: `SELECT "RegionID", COUNT(DISTINCT "UserID") AS u FROM hits WHERE match("URL", 'google') AND "IsRefresh" = 0 GROUP BY "RegionID" ORDER BY u DESC LIMIT 10`,
    keys: [1],
  },
  {
    sql: `SELECT "SearchPhrase", MIN("URL"), COUNT(*) AS c FROM hits WHERE match("URL", 'google') AND "SearchPhrase" <> '' GROUP BY "SearchPhrase" ORDER BY c DESC LIMIT 10`,
    keys: [2],
  },
  {
    sql: `SELECT "WatchID", "EventTime" FROM hits WHERE match("Title", 'google') ORDER BY "EventTime" DESC LIMIT 10`,
    keys: [1],
  },
  {
    sql: `SELECT DATE_TRUNC('day', "EventTime") AS d, COUNT(*) FROM hits WHERE match("Title", 'google') GROUP BY d ORDER BY d`,
    keys: [0],
  },
]

/** Queries by words, which are in at most one of a hundred rows. */
export const wordQueries: readonly WordQuery[] = forms.map(({ sql, keys }, i) => ({
  number: i + 1,
  sql,
  keyedSql: sql,
  keys,
  // Titles have it with a capital, addresses without: the cheapest pattern that finds them.
  like: sql.replaceAll(/match\(("\w+"), '(\w)(\w+)'\)/g, (_, column: string, first: string, rest: string) => {
    return `${column} LIKE '%${column === '"Title"' ? first.toUpperCase() : first}${rest}%'`
  }),
}))
