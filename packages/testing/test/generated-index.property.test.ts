import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VolleySession } from 'volley'
import { explainQuery, multisetDifference, queryRows, type RowValue, type SettingValues } from '../src/index.ts'
import { columnName, generatedIndexes, type GeneratedIndex } from './support/generated-index.ts'
import {
  draws,
  overIndex,
  overPromoted,
  promotedTable,
  QueryMaker,
  rowValue,
  searchesOf,
} from './support/generated-queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const QUERIES = 16

const settings = fc.record({
  target_partitions: fc.constantFrom(1, 2, 3, 7),
  batch_size: fc.constantFrom(2, 64, 4096),
  broadcast_threshold_bytes: fc.constantFrom(0, 10_485_760),
})

test(
  '2, 4, 12, 13: any index answers any query as one table of the values that its splits hold',
  { timeout: 60_000 * MORE },
  async () => {
    const changes = new Map<string, number>()
    const answered = new Map<string, number>()
    let [pushed, searched, raised] = [0, 0, 0]
    await fc.assert(
      fc.asyncProperty(
        generatedIndexes(),
        fc.array(fc.tuple(draws, settings), { minLength: QUERIES, maxLength: QUERIES }),
        async (index, list) => {
          const { local, workers } = sessions
          const { indexId } = await sessions.tree.publishMapped(index.mapping, index.splits)
          for (const [change, count] of index.changes) changes.set(change, (changes.get(change) ?? 0) + count)
          const columns = ['id', ...index.fields.map(columnName)].join(', ')
          const held = index.rows.map(({ id, cells }) => [
            id,
            ...cells.map((cell, f) => rowValue(cell, index.fields[f]!)),
          ])
          const read = await queryRows(local, `SELECT ${columns} FROM "${indexId}"`)
          expect(multisetDifference(read, held), mappingsOf(index)).toBeNull()
          const searches = searchesOf(index)
          for (const statement of promotedTable(index, indexId, searches)) await queryRows(local, statement)
          for (const [i, [draw, setting]] of list.entries()) {
            const query = new QueryMaker(index, searches, draw).query()
            const sql = overIndex(query, indexId, searches)
            const about = `${sql}\n${JSON.stringify(setting)}\n${mappingsOf(index)}`
            const wanted = await rowsOf(local, overPromoted(query), setting, about)
            const rows = await rowsOf(i === 0 ? workers : local, sql, setting, about)
            if (wanted === null || rows === null) {
              raised++
              continue
            }
            expect(multisetDifference(rows, wanted), about).toBeNull()
            const { plan } = await explainQuery(local, sql, setting)
            if (/filters=\[/.test(plan)) pushed++
            if (sql.includes('match(')) searched++
            if (rows.length > 0) answered.set(query.kind, (answered.get(query.kind) ?? 0) + 1)
          }
          await queryRows(local, 'DROP TABLE promoted')
        },
      ),
      { numRuns: 8 * MORE },
    )
    // Eight indexes show some of the changes of a field's type, each once or more; further runs show more of them.
    expect([...changes.keys()]).toEqual(
      expect.arrayContaining(['absent', 'one', 'several', 'fast', 'not fast', 'precision']),
    )
    expect([...changes.keys()].filter((change) => change.includes(' to ')).length).toBeGreaterThan(5)
    expect([...answered.keys()].sort()).toEqual([
      'count',
      'distinct',
      'group',
      'join',
      'project',
      'select',
      'top',
      'window',
    ])
    expect(Math.min(pushed, searched)).toBeGreaterThan(10 * MORE)
    expect(raised).toBeLessThan(4 * MORE)
  },
)

/**
 * The rows of a query, null when a value is out of a type's range: what a plan does not compute does not raise, and
 * plans differ in what they compute.
 */
async function rowsOf(
  session: VolleySession,
  sql: string,
  setting: SettingValues,
  about: string,
): Promise<readonly (readonly RowValue[])[] | null> {
  try {
    return await queryRows(session, sql, setting)
  } catch (error) {
    if ((error as Error).message.endsWith(' out of range')) return null
    throw new Error(`${(error as Error).message}\n${about}`, { cause: error })
  }
}

function mappingsOf({ fields, splits }: GeneratedIndex): string {
  return [fields, ...splits.map(({ mapping }) => mapping.json)].map((each) => JSON.stringify(each)).join('\n')
}
