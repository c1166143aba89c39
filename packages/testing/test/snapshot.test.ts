import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect, type QueryResult, type VolleySession } from 'volley'

const demo = fileURLToPath(new URL('../../../fixtures/demo/indexes', import.meta.url))

let tree: string
let session: VolleySession

beforeEach(async () => {
  tree = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-snapshot-'))
  fs.cpSync(demo, tree, { recursive: true })
  editMetastore((text) => text.replaceAll('file:///QW_ROOT/indexes', pathToFileURL(tree).href))
  session = await connect({ metastore: pathToFileURL(tree).href, poison: true, settings: { target_partitions: '2' } })
})

afterEach(async () => {
  await session.close()
  fs.rmSync(tree, { recursive: true })
})

const metastoreFile = () => path.join(tree, 'logs', 'metastore.json')

function editMetastore(edit: (text: string) => string): void {
  fs.writeFileSync(metastoreFile(), edit(fs.readFileSync(metastoreFile(), 'utf8')))
}

/** Takes the last split off the list, as a merge would. */
function unlistLastSplit(): { id: string; docs: number; file: string } {
  let removed: { split_id: string; num_docs: number } | undefined
  editMetastore((text) => {
    const json = JSON.parse(text) as { splits: { split_id: string; num_docs: number }[] }
    removed = json.splits.pop()
    return JSON.stringify(json)
  })
  const { split_id: id, num_docs: docs } = removed!
  return { id, docs, file: path.join(tree, 'logs', `${id}.split`) }
}

/** Opens each split; the number of all documents is in their metadata. */
const COUNT = 'SELECT count(service) FROM logs'

async function total(result: QueryResult): Promise<bigint> {
  let sum = 0n
  for await (const rows of result.chunks()) for (const [count] of rows) sum += count as bigint
  return sum
}

test('31: a query whose split was merged away before its first row starts again over a new listing', async () => {
  const result = await session.sql(COUNT)
  const { docs, file } = unlistLastSplit()
  fs.rmSync(file)
  expect(await total(result)).toBe(7209n - BigInt(docs))
})

test('31: a query keeps its snapshot while the list changes under it', async () => {
  const result = await session.sql('SELECT count(*) FROM logs')
  unlistLastSplit()
  expect(await total(result)).toBe(7209n)
  expect(await total(await session.sql('SELECT count(*) FROM logs'))).toBeLessThan(7209n)
})

test(
  '31: whatever is published and merged away while a query runs, its rows are those of its list',
  { timeout: 60_000 },
  async () => {
    const { splits: whole } = JSON.parse(fs.readFileSync(metastoreFile(), 'utf8')) as { splits: { num_docs: number }[] }
    let changed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...whole.keys()], { minLength: 1 }),
        fc.subarray([...whole.keys()]),
        fc.constantFrom(
          'SELECT count(*) FROM logs',
          COUNT,
          `SELECT count(*) FROM fast_fields('logs') a JOIN fast_fields('logs') b USING (_split_id, _segment_ord, _doc_id)`,
        ),
        fc.constantFrom('1', '3'),
        async (before, after, sql, partitions) => {
          const list = (kept: readonly number[]): void =>
            editMetastore((text) =>
              JSON.stringify({ ...(JSON.parse(text) as object), splits: kept.map((i) => whole[i]) }),
            )
          const docs = (kept: readonly number[]): bigint =>
            kept.reduce((sum, i) => sum + BigInt(whole[i]!.num_docs), 0n)
          session.set('target_partitions', partitions)
          list(before)
          const result = await session.sql(sql)
          list(after)
          expect(await total(result)).toBe(docs(before))
          expect(await total(await session.sql(sql))).toBe(docs(after))
          changed += Number(docs(before) !== docs(after))
        },
      ),
      { numRuns: 8, seed: 31 },
    )
    expect(changed).toBeGreaterThan(3)
  },
)

test('a split that is listed and not there is an error that names it', async () => {
  const { id, file } = unlistLastSplit()
  fs.cpSync(path.join(demo, 'logs', 'metastore.json'), metastoreFile())
  editMetastore((text) => text.replaceAll('file:///QW_ROOT/indexes', pathToFileURL(tree).href))
  fs.rmSync(file)
  await expect(session.sql(COUNT).then(total)).rejects.toMatchObject({
    code: '58P01',
    message: expect.stringContaining(id) as string,
  })
})

test('31: a split that goes after the first row ends the query with snapshot_expired', async () => {
  session.set('target_partitions', '1')
  session.set('batch_size', '64')
  const result = await session.sql('SELECT message FROM logs')
  const rows = result.chunks()
  expect((await rows.next()).done).toBe(false)
  // Splits are open by now; make what is read of one from here on fail as an object that is gone would.
  for (const name of fs.readdirSync(path.join(tree, 'logs')))
    if (name.endsWith('.split')) fs.rmSync(path.join(tree, 'logs', name))
  const drain = async () => {
    for await (const _ of rows) continue
  }
  await expect(drain()).rejects.toMatchObject({ code: '72000' })
})

test('a statement that comes again sees the list, the settings, the tables and the time as they are then', async () => {
  const sql = 'SELECT count(*) FROM logs'
  const count = async () => total(await session.sql(sql))
  expect(await count()).toBe(7209n)
  expect(await count()).toBe(7209n)
  const explained = async () => {
    const result = await session.sql(`EXPLAIN ${sql}`)
    for await (const rows of result.chunks()) return rows.map(String).join('\n')
  }
  const pushed = await explained()
  session.set('rules.AggPushdown', 'off')
  expect(await count()).toBe(7209n)
  expect(await explained()).not.toBe(pushed)
  session.set('rules.AggPushdown', 'on')
  expect(await explained()).toBe(pushed)
  const { docs } = unlistLastSplit()
  expect(await count()).toBe(7209n - BigInt(docs))
  await session.sql('CREATE TABLE logs AS SELECT 1 AS x')
  expect(await count()).toBe(1n)
  await session.sql('DROP TABLE logs')
  expect(await count()).toBe(7209n - BigInt(docs))
  const now = async () => (await (await session.sql('SELECT now() FROM logs LIMIT 1')).chunks().next()).value![0]![0]
  const first = await now()
  await new Promise((resolve) => setTimeout(resolve, 2))
  expect(await now()).not.toBe(first)
})
