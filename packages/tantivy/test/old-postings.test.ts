import { describe, expect, it } from 'vitest'
import { withDocBits } from '@volley/kernels'
import { IndexCorruptedError } from '@volley/tantivy'
import { ByteReader } from '../src/bytes/byte-reader.ts'
import { PostingsList } from '../src/postings/postings-list.ts'
import { ByteWriter } from '../src/writer/byte-writer.ts'
import { pack128, widthOf128 } from '../src/writer/pack-128.ts'
import { dice } from './support/damage.ts'

const BLOCK = 128

interface Term {
  readonly docs: Uint32Array
  readonly freqs: Uint32Array
}

/** Postings as index format 5 wrote them: in full blocks, deltas and frequencies are plain and a flag is clear. */
function encode({ docs, freqs }: Term, strictBlocks: ReadonlySet<number>): Uint8Array {
  const full = Math.floor(docs.length / BLOCK)
  const skips = new ByteWriter()
  const blocks = new ByteWriter()
  for (let block = 0; block < full; block += 1) {
    const start = block * BLOCK
    const strict = strictBlocks.has(block)
    const deltas = new Uint32Array(BLOCK)
    const counts = freqs.slice(start, start + BLOCK).map((freq) => freq - +strict)
    const first = block === 0 ? (strict ? -1 : 0) : docs[start - 1]!
    for (let i = 0; i < BLOCK; i += 1) deltas[i] = docs[start + i]! - (i === 0 ? first : docs[start + i - 1]!) - +strict
    const [width, freqWidth] = [widthOf128(deltas, 0), widthOf128(counts, 0)]
    skips.u32(docs[start + BLOCK - 1]!)
    skips.u8(width | (strict ? 64 : 0))
    skips.u8(freqWidth)
    skips.u8(7)
    skips.u8(3)
    pack128(deltas, 0, width, blocks)
    pack128(counts, 0, freqWidth, blocks)
  }
  const out = new ByteWriter()
  if (full > 0) out.vint(skips.length)
  out.append(skips.finish())
  out.append(blocks.finish())
  for (let i = full * BLOCK; i < docs.length; i += 1) out.vint(docs[i]! - (i === 0 ? 0 : docs[i - 1]!))
  for (let i = full * BLOCK; i < docs.length; i += 1) out.vint(freqs[i]!)
  return out.finish()
}

function termOf(count: number, first: number, next: (n: number) => number): Term {
  const docs = new Uint32Array(count)
  let doc = first - 1
  const gap = 1 + next(40)
  for (let i = 0; i < count; i += 1) docs[i] = doc += i === 0 ? 1 : 1 + next(gap)
  return { docs, freqs: docs.map(() => 1 + next(next(5) === 0 ? 400 : 3)) }
}

describe('postings of index format 5', () => {
  it('read as they were written, whole, by block and as sets', () => {
    const next = dice(5)
    let blocks = 0
    for (const count of [1, 127, 128, 129, 256, 700, 1300]) {
      for (const first of [0, 1, 300]) {
        const term = termOf(count, first, next)
        const maxDoc = term.docs.at(-1)! + 1 + next(3)
        const full = Math.floor(count / BLOCK)
        // merged indexes may have blocks of both kinds
        for (const strict of [new Set<number>(), new Set([full - 1]), new Set([0])]) {
          const list = new PostingsList(new ByteReader(encode(term, strict), 'x.idx'), count, 'freq', maxDoc)
          blocks += list.numFullBlocks
          const docs = new Uint32Array(count + BLOCK)
          expect(list.readDocBlocks(0, list.numBlocks, docs)).toBe(count)
          expect(docs.subarray(0, count)).toEqual(term.docs)
          const freqs = new Uint32Array(count + BLOCK)
          list.readFreqBlocks(0, list.numBlocks, freqs)
          expect(freqs.subarray(0, count)).toEqual(term.freqs)
          const one = new Uint32Array(BLOCK)
          for (let block = 0; block < list.numBlocks; block += 1) {
            const expected = term.docs.subarray(block * BLOCK, (block + 1) * BLOCK)
            expect(one.subarray(0, list.readDocs(block, one))).toEqual(expected)
          }
          withDocBits(maxDoc, (bits) => {
            list.addDocBlocks(0, list.numBlocks, bits)
            expect(bits.toArray()).toEqual(term.docs)
            expect(list.countDocBlocks(0, list.numBlocks, bits)).toBe(count)
          })
        }
      }
    }
    expect(blocks).toBeGreaterThan(100)
  })

  it('are refused where documents do not ascend', () => {
    const term = termOf(400, 5, dice(6))
    term.docs[200] = term.docs[199]!
    const list = new PostingsList(new ByteReader(encode(term, new Set()), 'x.idx'), 400, 'freq', 100_000)
    expect(() => list.readDocs(1, new Uint32Array(BLOCK))).toThrow(IndexCorruptedError)
  })
})
