import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { dumpIndex, IndexCorruptedError, MemoryDirectory, openIndex, UnsupportedIndexError } from '@volley/tantivy'
import { compareHits, FIXTURES, type GoldenQuery, goldenLines, loadFiles, search } from './support/fixture.ts'

const MUTATIONS = 500
const SEED = 20260722

/** Uniform integers below n, from a seed (mulberry32). */
function random(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
}

/** One damage to a file: a bit, a byte, a run of bytes, a cut, or bytes moved. */
function mutate(bytes: Uint8Array, next: (n: number) => number): Uint8Array {
  const out = bytes.slice()
  // half of the damage goes where files keep their tables
  const at = next(2) === 0 ? next(out.length) : Math.max(0, out.length - 1 - next(Math.min(400, out.length)))
  switch (next(5)) {
    case 0:
      out[at]! ^= 1 << next(8)
      return out
    case 1:
      out[at] = next(256)
      return out
    case 2:
      out.fill(next(2) === 0 ? 255 : 0, at, at + 1 + next(8))
      return out
    case 3:
      return out.slice(0, at)
    default: {
      const from = next(out.length)
      out.copyWithin(at, from, from + 1 + next(16))
      return out
    }
  }
}

describe(`damaged indexes (seed ${SEED})`, () => {
  // the small index: each damage is read whole
  const all = loadFiles(join(FIXTURES, 'multi7del-sst', 'index'))
  const golden = goldenLines(join(FIXTURES, 'multi7del-sst', 'dump.jsonl'))
  const queries = goldenLines(join(FIXTURES, 'multi7del-sst', 'queries.jsonl')).map(
    (line) => JSON.parse(line) as GoldenQuery,
  )

  it('are refused as corrupted, or read to the end', { timeout: 120_000 }, async () => {
    const next = random(SEED)
    const meta = JSON.parse(new TextDecoder().decode(all.get('meta.json'))) as {
      segments: { segment_id: string; max_doc: number; deletes: unknown }[]
    }
    const outcomes = { corrupted: 0, same: 0, different: 0 }
    const files: string[] = []
    const header = golden.findIndex((line) => line.includes('"kind":"segment"'))
    for (let round = 0; round < MUTATIONS; round += 1) {
      // one segment, so that a round is short; deleted documents keep all kinds of files in play
      const segment = meta.segments[3 + (round % 4)]!
      const stem = segment.segment_id.replaceAll('-', '')
      const one = { ...meta, segments: [segment] }
      const own = new Map([...all].filter(([name]) => name.startsWith(stem)))
      own.set('meta.json', new TextEncoder().encode(JSON.stringify(one)))
      const names = [...own.keys()]
      const name = names[next(names.length)]!
      files.push(name.replace(stem, ''))
      own.set(name, mutate(own.get(name)!, next))
      const before = performance.now()
      try {
        const lines: string[] = []
        for await (const line of dumpIndex(new MemoryDirectory(own))) lines.push(line)
        const index = await openIndex(new MemoryDirectory(own))
        for (const query of queries.slice(round % 8, 40)) if (round % 8 === 0) await search(index, query)
        const expected = linesOf(golden, header, meta.segments.indexOf(segment))
        const same = isDeepStrictEqual(
          lines.slice(1).map((line) => JSON.parse(line)),
          expected,
        )
        outcomes[same ? 'same' : 'different'] += 1
        // a changed value can be told by the checksum only
        if (!same && name !== 'meta.json') await expect(index.verifyChecksums()).rejects.toThrow(IndexCorruptedError)
      } catch (error) {
        if (!(error instanceof IndexCorruptedError || error instanceof UnsupportedIndexError)) {
          throw new Error(`round ${round}, ${name}`, { cause: error })
        }
        if (error instanceof IndexCorruptedError) {
          expect(error.file).not.toBe('')
          expect(error.offset).toBeGreaterThanOrEqual(0)
        }
        outcomes.corrupted += 1
      }
      expect(performance.now() - before).toBeLessThan(20_000)
    }
    expect(outcomes.corrupted).toBeGreaterThan(MUTATIONS / 5)
    expect(outcomes.same).toBeGreaterThan(0)
    expect(new Set(files.map((file) => file.split('.').at(-1))).size).toBeGreaterThanOrEqual(8)
  })

  it('answer rightly when they are not damaged', async () => {
    const index = await openIndex(new MemoryDirectory(all))
    for (const query of queries.slice(0, 10)) expect(compareHits(await search(index, query), query)).toBe(null)
  })
})

const parsed = new Map<number, unknown[]>()

/** Golden lines of one segment, renumbered as the only one. */
function linesOf(golden: readonly string[], header: number, seg: number): unknown[] {
  let lines = parsed.get(seg)
  if (lines === undefined) {
    lines = golden.slice(header).flatMap((line) => {
      const json = JSON.parse(line) as { seg: number }
      return json.seg === seg ? [{ ...json, seg: 0 }] : []
    })
    parsed.set(seg, lines)
  }
  return lines
}
