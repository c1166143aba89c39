import { expect } from 'vitest'
import type { VolleySession } from 'volley'
import { queryRows, type RowValue, type SampleDocument, type SettingValues } from '../../src/index.ts'
import type { SampleQuery } from './queries.ts'

/** Runs a query and fails with its text, the settings and what is wrong; gives the rows. */
export async function expectRight(
  session: VolleySession,
  query: SampleQuery,
  table: string,
  live: readonly SampleDocument[],
  settings: SettingValues = {},
): Promise<RowValue[][]> {
  const sql = query.sql(table)
  const [worker] = await session.workerUrls()
  const about = `${sql}\non ${worker} with ${JSON.stringify(settings)}`
  const rows = await queryRows(session, sql, settings).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}\n${about}`, { cause: error })
  })
  const problem = query.problem(rows, live)
  if (problem !== null) expect.fail(`${problem}\n${about}`)
  return rows
}
