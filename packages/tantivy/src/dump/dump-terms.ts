import type { FieldIndex } from '../segment/field-index.ts'
import { entryOf, type TermBatch } from '../term-dictionary/term-dictionary.ts'
import { hex } from './json-text.ts'

/** The terms of a field with their postings, as lines of JSON. */
export async function* dumpTerms(index: FieldIndex, seg: number): AsyncGenerator<string> {
  const prefix = `{"kind":"term","seg":${seg},"field":${JSON.stringify(index.field.name)}`
  for await (const batch of index.terms.range(null, null)) {
    for (let k = 0; k < batch.count; k += 1) yield `${prefix},${await dumpTerm(index, batch, k)}`
  }
}

async function dumpTerm(index: FieldIndex, batch: TermBatch, k: number): Promise<string> {
  const { ordinal, info } = entryOf(batch, k)
  const term = batch.bytes.subarray(batch.offsets[k]!, batch.offsets[k + 1]!)
  const postings = await index.postings(info)
  const docs = new Uint32Array(info.docFreq)
  const freqs = new Uint32Array(info.docFreq)
  const block = new Uint32Array(128)
  let count = 0
  for (let number = 0; number < postings.numBlocks; number += 1) {
    const length = postings.readDocs(number, block)
    docs.set(block.subarray(0, length), count)
    postings.readFreqs(number, block)
    freqs.set(block.subarray(0, length), count)
    count += length
  }
  let line = `"ord":${ordinal},"term":"${hex(term)}","doc_freq":${info.docFreq},"docs":[${docs.join(',')}]`
  if (!postings.hasFreqs) return `${line}}`
  line += `,"tfs":[${freqs.join(',')}]`
  if (postings.record !== 'position') return `${line}}`
  const positions = await index.positions(info)
  const lists: string[] = []
  let offset = 0
  for (const freq of freqs) {
    positions.checkCount(freq)
    const list = new Uint32Array(freq)
    positions.read(offset, freq, 0, list)
    lists.push(`[${list.join(',')}]`)
    offset += freq
  }
  return `${line},"pos":[${lists.join(',')}]}`
}
