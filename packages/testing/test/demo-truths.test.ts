import fs from 'node:fs'
import path from 'node:path'
import { jsonValue } from '@volley/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { differenceFrom, explainQuery, TestTree, type Truth } from '../src/index.ts'
import { fixtures, installFixture } from './support/fixtures.ts'

const folder = path.join(fixtures, 'demo-sql')
const truths = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as Truth)

let tree: TestTree
beforeAll(async () => {
  tree = await TestTree.create()
})
afterAll(() => tree.remove())

describe.each([0, 2])('DuckDB gives the same answers about the demo as %i workers', (count) => {
  let session: VolleySession
  beforeAll(async () => {
    const workerUrls = inject('workerUrls').slice(0, count)
    session = await connect({ metastore: installFixture(tree, 'demo'), workerUrls, poison: true })
  }, 60_000)
  afterAll(() => session?.close())

  test('both workers read splits', async () => {
    const { workersWithRows } = await explainQuery(session, 'SELECT level, count(*) FROM logs GROUP BY level', {}, true)
    expect(workersWithRows.size).toBe(Math.max(1, count))
  })

  test.each(truths)('$id', { timeout: 60_000 }, async (truth) => {
    for (const partitions of ['1', '2', '3', '7']) {
      session.settings.reset('all')
      session.set('target_partitions', partitions)
      const result = await session.sql(truth.sql)
      const { fields } = result.schema
      const rows: unknown[][] = []
      for await (const chunk of result.chunks()) {
        for (const row of chunk) rows.push(row.map((value, i) => jsonValue(value, fields[i]!.type)))
      }
      const names = fields.map((field) => field.name)
      expect(differenceFrom(truth, names, rows), `at ${partitions} partitions`).toBeNull()
    }
  })
})

test('there are 20 of them', () => expect(truths).toHaveLength(20))
