import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { dumpColumnar, dumpIndex, MemoryDirectory, openIndex } from '@volley/tantivy'
import { nodeDirectory, nodeZstdDecompress } from '@volley/tantivy/node'
import { checkCollectors, compareHits, type GoldenQuery, goldenLines, loadFiles, search } from '../support/fixture.ts'

const shared = process.env['VOLLEY_SHARED']
const root = join(shared ?? '', 'fixtures/tantivy')
const names =
  shared === undefined
    ? []
    : [...readdirSync(root).filter((name) => existsSync(join(root, name, 'index'))), 'compat/v6', 'compat/v7']

describe.skipIf(shared === undefined)('golden indexes of VOLLEY_SHARED', { timeout: 60_000 }, () => {
  it.each(names)('dumps %s as tantivy does', async (name) => {
    const golden = goldenLines(join(root, name, 'dump.jsonl'))
    // no segment tells the kind of an index without segments
    const termDictionary = name.endsWith('-fst') ? 'fst' : 'sstable'
    let at = 0
    for await (const line of dumpIndex(nodeDirectory(join(root, name, 'index')), {
      termDictionary,
      zstdDecompress: nodeZstdDecompress,
    })) {
      if (!isDeepStrictEqual(JSON.parse(line), JSON.parse(golden[at] ?? 'null'))) expect(line).toBe(golden[at])
      at += 1
    }
    expect(at).toBe(golden.length)
  })

  it.each(names)('answers the recorded queries of %s', async (name) => {
    const index = await openIndex(new MemoryDirectory(loadFiles(join(root, name, 'index'))))
    const queries = goldenLines(join(root, name, 'queries.jsonl')).map((line) => JSON.parse(line) as GoldenQuery)
    expect(queries.length).toBeGreaterThan(0)
    const failures: string[] = []
    for (const golden of queries) {
      const hits = await search(index, golden)
      const difference = compareHits(hits, golden)
      await checkCollectors(index, golden, hits)
      if (difference !== null) failures.push(`${golden.q}: ${difference}`)
    }
    expect(failures).toEqual([])
  })

  it('verifies the checksums of all indexes', async () => {
    for (const name of names) await (await openIndex(nodeDirectory(join(root, name, 'index')))).verifyChecksums()
    expect(names.length).toBeGreaterThan(30)
  })

  it.each(['v1', 'v2'])('dumps a bare columnar container of version %s', async (version) => {
    const golden = goldenLines(join(root, 'compat/columnar.dump.jsonl'))
    const lines: unknown[] = []
    for await (const line of dumpColumnar(readFileSync(join(root, `compat/${version}.columnar`)))) {
      lines.push(JSON.parse(line))
    }
    expect(lines).toEqual(golden.map((line) => JSON.parse(line)))
  })
})

describe.skipIf(shared !== undefined)('golden indexes', () => {
  it.skip('need VOLLEY_SHARED, the folder with fixtures/tantivy', () => {})
})
