import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { queryRows, TestTree } from '../src/index.ts'
import { installFixture } from './support/fixtures.ts'

let tree: TestTree
let session: VolleySession
beforeAll(async () => {
  tree = await TestTree.create()
  session = await connect({ metastore: installFixture(tree, 'demo') })
})
afterAll(async () => {
  await session.close()
  tree.remove()
})

const paths = 'SELECT column_name, path, data_type, is_fast, splits, splits_asked FROM information_schema.json_paths'

test('paths of JSON columns are rows of a table beside the columns', async () => {
  const rows = await queryRows(session, `${paths} WHERE table_name = 'logs' ORDER BY path`)
  expect(rows).toEqual([
    ['attributes', String.raw`order\.id`, 'Int64', 'YES', 4, 4],
    ['attributes', String.raw`pool\.size`, 'Int64', 'YES', 1, 4],
    ['attributes', 'retry', 'Int64', 'YES', 4, 4],
    ['attributes', String.raw`user\.id`, 'Utf8', 'YES', 4, 4],
  ])
})

test('DESCRIBE shows them behind the columns', async () => {
  const described = await queryRows(session, 'DESCRIBE logs')
  expect(described.filter(([name]) => String(name).startsWith('attributes'))).toEqual([
    ['attributes', 'Json', true, true, true, 'fast (raw), indexed (raw, basic), stored'],
    ...[
      [String.raw`attributes.order\.id`, 'Int64', 4],
      [String.raw`attributes.pool\.size`, 'Int64', 1],
      ['attributes.retry', 'Int64', 4],
      [String.raw`attributes.user\.id`, 'Utf8', 4],
    ].map(([name, type, splits]) => {
      const comment = `path of attributes, fast, in ${splits} of 4 splits; attributes->>'...' reads it`
      return [name, type, true, false, true, comment]
    }),
  ])
})
