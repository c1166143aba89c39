import type { BytesColumn, Column, IpColumn, NumericColumn } from '../../columnar/column.ts'
import type { FastValue, PartialHit, PartialResult } from './aggregation-partial.ts'
import type { TopHitsAggregation } from './aggregation-request.ts'
import type { DocBlock } from './doc-block.ts'
import { formatAddress } from './format-address.ts'
import { formatDate } from './format-date.ts'
import { SortValues } from './sort-values.ts'
import { SegmentAggregation } from './segment-aggregation.ts'
import { jsonInteger } from './term-key.ts'

interface Candidate {
  readonly sort: readonly (bigint | null)[]
  readonly doc: number
}

/** The first documents of each bucket in the order of some fast fields, with values of fast fields. */
export class TopHitsAggregator extends SegmentAggregation {
  readonly #request: TopHitsAggregation
  readonly #segment: string
  readonly #keys: readonly SortValues[]
  readonly #fields: readonly { readonly name: string; readonly columns: readonly Column[] }[]
  /** Best first, by bucket. */
  readonly #hits: Candidate[][] = []

  constructor(
    request: TopHitsAggregation,
    segment: string,
    keys: readonly SortValues[],
    fields: readonly { readonly name: string; readonly columns: readonly Column[] }[],
  ) {
    super()
    this.#request = request
    this.#segment = segment
    this.#keys = keys
    this.#fields = fields
  }

  override reserve(): void {}

  override collect({ docs, start, count, buckets }: DocBlock): void {
    const ids = Uint32Array.from({ length: count }, (_, i) => (docs === null ? start + i : docs[i]!))
    for (const key of this.#keys) key.read(ids)
    for (let i = 0; i < count; i += 1) this.#offer(buckets === null ? 0 : buckets[i]!, ids[i]!, i)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const orders = this.#request.sort.map(({ order }) => order)
    const limit = this.#request.size + this.#request.from
    return Promise.all(
      Array.from(parents, async (parent): Promise<PartialResult> => {
        const hits = this.#hits[parent] ?? []
        const docs = Uint32Array.from(hits, ({ doc }) => doc)
        const columns = await Promise.all(
          this.#fields.map(async ({ name, columns }) => {
            const lists = await Promise.all(columns.map((column) => valuesOf(column, docs)))
            return hits.map((_, k) => [name, lists.flatMap((list) => list[k]!)] as const)
          }),
        )
        return {
          kind: 'top_hits',
          limit,
          orders,
          hits: hits.map(({ sort, doc }, k) => ({
            sort,
            values: columns.map((column) => column[k]!),
            segment: this.#segment,
            doc,
          })),
        }
      }),
    )
  }

  #offer(bucket: number, doc: number, row: number): void {
    const limit = this.#request.size + this.#request.from
    if (limit === 0) return
    const hits = (this.#hits[bucket] ??= [])
    const hit = { sort: this.#keys.map((key) => key.valueAt(row)), doc }
    if (hits.length === limit && this.#compare(hits[limit - 1]!, hit) <= 0) return
    let at = hits.length
    while (at > 0 && this.#compare(hits[at - 1]!, hit) > 0) at -= 1
    hits.splice(at, 0, hit)
    if (hits.length > limit) hits.pop()
  }

  #compare(a: Candidate, b: Candidate): number {
    return (
      compareSort(
        a.sort,
        b.sort,
        this.#request.sort.map(({ order }) => order),
      ) || a.doc - b.doc
    )
  }
}

/** Documents without a value come first, in either order. */
export function compareSort(a: PartialHit['sort'], b: PartialHit['sort'], orders: readonly ('asc' | 'desc')[]): number {
  for (const [k, order] of orders.entries()) {
    const left = a[k]!
    const right = b[k]!
    if (left === right) continue
    if (left === null) return -1
    if (right === null) return 1
    return left < right === (order === 'asc') ? -1 : 1
  }
  return 0
}

const decoder = new TextDecoder()

/** All values of each document. */
async function valuesOf(column: Column, docs: Uint32Array): Promise<FastValue[][]> {
  const rows = { docs, count: docs.length }
  const parts = (offsets: Int32Array, values: readonly FastValue[]): FastValue[][] =>
    Array.from(docs, (_, k) => values.slice(offsets[k], offsets[k + 1]))
  switch (column.type) {
    case 'str':
    case 'bytes': {
      const { dictionary, type } = column as BytesColumn
      const lists = (column as BytesColumn).readOrdinalLists(rows)
      const ordinals = Uint32Array.from(new Set(lists.values)).sort()
      const { offsets, bytes } = await dictionary.termsOf(ordinals)
      const texts = new Map(
        Array.from(ordinals, (ordinal, k) => {
          const term = bytes.subarray(offsets[k], offsets[k + 1])
          return [ordinal, type === 'str' ? decoder.decode(term) : base64(term)]
        }),
      )
      return parts(
        lists.offsets,
        Array.from(lists.values, (ordinal) => texts.get(ordinal)!),
      )
    }
    case 'ip': {
      const { offsets, values } = (column as IpColumn).readLists(rows)
      const view = new DataView(values.buffer, values.byteOffset)
      const count = values.length / 16
      const texts = Array.from({ length: count }, (_, k) =>
        formatAddress((view.getBigUint64(16 * k) << 64n) | view.getBigUint64(16 * k + 8)),
      )
      return parts(offsets, texts)
    }
    default: {
      const { offsets, values } = (column as NumericColumn).readLists(rows)
      const { type } = column as NumericColumn
      return parts(
        offsets,
        Array.from(values as ArrayLike<number | bigint>, (value): FastValue => {
          if (type === 'bool') return value === 1
          if (type === 'date') return formatDate(value as bigint)
          return typeof value === 'bigint' ? jsonInteger(value) : value
        }),
      )
    }
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
