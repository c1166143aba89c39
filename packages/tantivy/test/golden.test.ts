import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { dumpIndex, MemoryDirectory, openIndex } from '@volley/tantivy'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import {
  checkCollectors,
  compareHits,
  DelayedDirectory,
  FIXTURES,
  type GoldenQuery,
  goldenLines,
  loadFiles,
  search,
} from './support/fixture.ts'

describe.each(['multi3-sst', 'multi7del-sst'])('the golden index %s', (name) => {
  const files = loadFiles(join(FIXTURES, name, 'index'))
  const queries = goldenLines(join(FIXTURES, name, 'queries.jsonl')).map((line) => JSON.parse(line) as GoldenQuery)

  it('dumps as tantivy does', async () => {
    const golden = goldenLines(join(FIXTURES, name, 'dump.jsonl'))
    let at = 0
    for await (const line of dumpIndex(new MemoryDirectory(files), { zstdDecompress: nodeZstdDecompress })) {
      if (!isDeepStrictEqual(JSON.parse(line), JSON.parse(golden[at] ?? 'null'))) expect(line).toBe(golden[at])
      at += 1
    }
    expect(at).toBe(golden.length)
  })

  it('answers the recorded queries, from memory and from a store that answers late', async () => {
    for (const directory of [new MemoryDirectory(files), new DelayedDirectory(files)]) {
      const index = await openIndex(directory)
      for (const golden of queries) {
        const hits = await search(index, golden)
        expect([golden.q, compareHits(hits, golden)]).toEqual([golden.q, null])
        await checkCollectors(index, golden, hits)
      }
    }
    expect(queries.some((golden) => golden.count > 0)).toBe(true)
  })

  it('has the checksums of its footers', async () => {
    const index = await openIndex(new MemoryDirectory(files))
    await index.verifyChecksums()
    const broken = new Map(files)
    const file = `${index.segments[0]!.id}.idx`
    const bytes = files.get(file)!.slice()
    bytes[10]! ^= 1
    broken.set(file, bytes)
    await expect((await openIndex(new MemoryDirectory(broken))).verifyChecksums()).rejects.toThrow(/checksum/)
  })
})
