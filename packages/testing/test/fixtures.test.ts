import fs from 'node:fs'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { explainQuery, multisetDifference, queryRows, TestTree, type RowValue } from '../src/index.ts'
import { fixtures, installFixture } from './support/fixtures.ts'

const PARTITIONS = [1, 3, 16]

let tree: TestTree
let quickwit: string
beforeAll(async () => {
  tree = await TestTree.create()
  quickwit = installFixture(tree, 'quickwit')
  for (const name of ['multi3-sst', 'multi7del-sst']) {
    await tree.publishFolder(name, `${fixtures}/tantivy/${name}/index`, 'ts')
  }
})
afterAll(() => tree.remove())

describe.each([0, 2])('with %i workers', (count) => {
  let real: VolleySession
  let published: VolleySession
  beforeAll(async () => {
    const workerUrls = inject('workerUrls').slice(0, count)
    real = await connect({ metastore: quickwit, workerUrls, poison: true })
    published = await connect({ metastore: tree.uri, workerUrls, poison: true })
  }, 60_000)
  afterAll(async () => {
    await published?.close()
    await real?.close()
  })

  async function expectRows(
    session: VolleySession,
    sql: string,
    expected: readonly (readonly RowValue[])[],
  ): Promise<void> {
    for (const target_partitions of PARTITIONS) {
      const rows = await queryRows(session, sql, { target_partitions })
      expect(multisetDifference(rows, expected), `${sql} at ${target_partitions}`).toBeNull()
    }
  }

  const plain = zstdDecompressSync(fs.readFileSync(`${fixtures}/quickwit/plain.ndjson.zst`))
    .toString()
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as { n: number; msg: string; ok: boolean; at: string; who: { name: string; age: number } },
    )

  const byName = [...Map.groupBy(plain, ({ who }) => who.name)].map(([name, docs]) => [
    name,
    BigInt(docs.length),
    docs.reduce((sum, { who }) => sum + BigInt(who.age), 0n),
  ])

  test('a field that the mapping gained has its value in splits from before', async () => {
    await expectRows(real, 'SELECT "who.name", count(*), sum("who.age") FROM evolve GROUP BY "who.name"', byName)
    await expectRows(
      real,
      `SELECT n, msg, "who.name" FROM evolve WHERE "who.age" > 50 AND n % 3 = 0`,
      plain.filter(({ n, who }) => who.age > 50 && n % 3 === 0).map(({ n, msg, who }) => [BigInt(n), msg, who.name]),
    )
    const { workersWithRows } = await explainQuery(real, 'SELECT n FROM evolve', {}, true)
    expect(workersWithRows.size).toBe(Math.max(1, count))
  })

  test('a split with a trailer, all of it in the dynamic column', async () => {
    await expectRows(real, `SELECT count(*), count(DISTINCT _dynamic->'who'->>'name'), min(at), max(at) FROM trailer`, [
      [500n, BigInt(byName.length), seconds(plain[0]!.at), seconds(plain.at(-1)!.at)],
    ])
    await expectRows(
      real,
      `SELECT _dynamic->>'n' FROM trailer WHERE match(_dynamic->'who'->'name', 'eve') AND (_dynamic->>'ok') = 'true'`,
      plain.filter(({ who, ok }) => who.name === 'eve' && ok).map(({ n }) => [String(n)]),
    )
  })

  describe.each(['multi3-sst', 'multi7del-sst'])('one split of the segments of %s', (name) => {
    const lines = gunzipSync(fs.readFileSync(`${fixtures}/tantivy/${name}/dump.jsonl.gz`))
      .toString()
      .trim()
      .split('\n')
    const { segments, live } = readDump(lines)

    test('has the live documents that tantivy has', async () => {
      expect(live.length).toBeGreaterThan(1000)
      await expectRows(
        published,
        `SELECT id, cat, val FROM "${name}"`,
        live.map(({ id, cat, val }) => [id, cat, val]),
      )
      const groups = [...Map.groupBy(live, ({ cat }) => cat)].map(([cat, docs]) => [
        cat,
        BigInt(docs.length),
        docs.reduce((sum, { id }) => sum + id, 0n),
        docs.map(({ val }) => val).reduce((a, b) => (a < b ? a : b)),
      ])
      await expectRows(published, `SELECT cat, count(*), sum(id), min(val) FROM "${name}" GROUP BY cat`, groups)
      const ordered = await queryRows(published, `SELECT DISTINCT _segment_ord FROM fast_fields('${name}') ORDER BY 1`)
      expect(ordered.map(([ord]) => ord)).toEqual(Array.from({ length: segments }, (_, i) => i))
    })

    test('answers its queries as tantivy does', async () => {
      const queries = fs.readFileSync(`${fixtures}/tantivy/${name}/queries.jsonl`, 'utf8').trim().split('\n')
      let found = 0
      for (const line of queries) {
        const { q, fields, count } = JSON.parse(line) as { q: string; fields: string; count: number }
        if (!hasOneMeaning(q)) continue
        const sql = `SELECT count(*) FROM "${name}" WHERE ${fields} @@ '${q.replaceAll("'", "''")}'`
        expect(await queryRows(published, sql, { target_partitions: 3 }), q).toEqual([[BigInt(count)]])
        if (count > 0) found++
      }
      expect(found).toBeGreaterThan(15)
    })
  })
})

function seconds(iso: string): bigint {
  return BigInt(Math.floor(Date.parse(iso) / 1000))
}

/** Whether a query means the same when terms are joined by AND, as Quickwit does, as by OR. */
function hasOneMeaning(query: string): boolean {
  const parts = query.replaceAll(/"[^"]*"|\[[^\]]*\]/g, 'x').split(/\s+/)
  return (
    parts.length === 1 || parts.includes('AND') || parts.includes('IN') || parts.every((part) => part.startsWith('+'))
  )
}

interface LiveDocument {
  readonly id: bigint
  readonly cat: string
  readonly val: bigint
}

/** Stored documents of a dump that tantivy made, but for those that it has marked as deleted. */
function readDump(lines: readonly string[]): { readonly segments: number; readonly live: LiveDocument[] } {
  const deleted = new Set<string>()
  const live: LiveDocument[] = []
  let segments = 0
  for (const line of lines) {
    if (!line.includes('"kind":"segment"') && !line.includes('"kind":"doc"')) continue
    const record = JSON.parse(line) as {
      kind: string
      seg: number
      doc: number
      deleted?: readonly number[]
      fields: readonly (readonly [string, { v: string }])[]
    }
    if (record.kind === 'segment') {
      segments++
      for (const doc of record.deleted ?? []) deleted.add(`${record.seg}/${doc}`)
    } else if (!deleted.has(`${record.seg}/${record.doc}`)) {
      const fields = Object.fromEntries(record.fields.map(([name, { v }]) => [name, v]))
      live.push({ id: BigInt(fields.id!), cat: fields.cat!, val: BigInt(fields.val!) })
    }
  }
  return { segments, live }
}
