import { rowsByWords, typeName } from '@volley/core'
import { concatWords } from '@volley/kernels'
import { ZONE_DOCS, type BytesColumn, type NumericColumn, type ValueZones } from '@volley/tantivy'
import type { DocFilter } from '../filters/doc-filter.ts'
import { lowerBound } from '../filters/doc-lists.ts'
import type { TopKey } from './key-words.ts'
import type { DocUnit } from './opened-layout.ts'
import type { SegmentColumns } from './segment-columns.ts'
import { nanosPerUnit } from './timestamps.ts'

/** High halves of the order-preserving forms of floats; the low ones are all ones, 0 and 0. */
const MINUS_INFINITY = 0x000fffff
const ZERO = 0x80000000
const INFINITY = 0xfff00000

/** Bounds of one key by zone. */
interface KeyBounds {
  /** Words of the best row that a zone may have. */
  readonly words: readonly Uint32Array[]
  /** Whether some row has these. */
  readonly attained: boolean
}

/** What is known of the zones of a unit for some keys. */
interface Ranked {
  /** Words of the best row that each zone may have, as far as leading keys have bounds. */
  readonly words: readonly Uint32Array[]
  readonly first: KeyBounds
  /** Zones, the best first. */
  readonly order: Uint32Array
}

/** By the first key's zones, which stay as long as their column: what was asked last. */
const ranked = new WeakMap<
  ValueZones,
  { readonly of: readonly ValueZones[]; readonly as: string; readonly is: Ranked }
>()

/**
 * The documents of a unit by zones, those that may have the first rows first: by bounds of the leading keys' values, which
 * their columns keep.
 */
export class KeyZones {
  readonly #unit: DocUnit
  /** The unit's first zone: 0 here. */
  readonly #first: number
  readonly #ranked: Ranked
  /** Of each filter, which zones may have documents that count. */
  #filtered: readonly Uint8Array[] = []
  #at = 0
  #visited = 0

  private constructor(unit: DocUnit, ranked: Ranked) {
    this.#unit = unit
    this.#first = Math.floor(unit.start / ZONE_DOCS)
    this.#ranked = ranked
  }

  /** Null where the first key's column has none that order as the key does. `counts` are the words of each key. */
  static of(
    unit: DocUnit,
    columns: SegmentColumns,
    keys: readonly TopKey[],
    counts: readonly number[],
  ): KeyZones | null {
    const own: OrderedZones[] = []
    for (const key of keys) {
      const zones = orderedZones(columns, key)
      if (zones === null) break
      own.push(zones)
    }
    if (own.length === 0) return null
    const of = own.map(({ zones }) => zones)
    const { start, end } = unit
    const as = JSON.stringify([start, end, keys.map(({ descending, nullsFirst }) => [descending, nullsFirst])])
    let known = ranked.get(of[0]!)
    if (known?.as !== as || known.of.length !== of.length || known.of.some((zones, i) => zones !== of[i])) {
      known = { of, as, is: rankZones(unit, own, keys, counts) }
      ranked.set(of[0]!, known)
    }
    return new KeyZones(unit, known.is)
  }

  /** Zones of which no documents were asked for. */
  get left(): number {
    return this.#ranked.order.length - this.#visited
  }

  /** Leaves out zones that have no documents of some filters. */
  filter(filters: readonly DocFilter[]): void {
    const count = this.#ranked.order.length
    this.#filtered = filters.flatMap((filter) => filter.zones?.(this.#first, count) ?? [])
  }

  /** Words of the first key that `k` live rows are not behind, as the bounds say; null where they do not. */
  firstLimit(k: number): Uint32Array | null {
    const { first, order } = this.#ranked
    const at = this.#attained(k)
    return at < k ? null : Uint32Array.from(first.words, (word) => word[order[k + 1]!]!)
  }

  /** Next to one another, words of the first key of `count` live rows, or fewer, that are among the best; the best first. */
  firstRows(count: number): readonly Uint32Array[] {
    const { first, order } = this.#ranked
    const rows = this.#attained(count)
    return first.words.map((word) => {
      const own = new Uint32Array(rows)
      for (let i = 0; i < rows; i++) own[i] = word[order[i + 2]!]!
      return own
    })
  }

  /** How many rows, up to `count`, the bounds stand for: the first and the last zone may have documents of other units. */
  #attained(count: number): number {
    const { first, order } = this.#ranked
    return first.attained && this.#unit.segment.alive === null ? Math.max(0, Math.min(count, order.length - 2)) : 0
  }

  /**
   * About `count` more documents, of those of `found` (of all, when null): a list of them, or spans, a start and an end each,
   * both ascending. Null when no zone that is left has rows that are not behind `limit`.
   */
  next(count: number, limit: Uint32Array | null, found: Uint32Array | null): ZoneDocs | null {
    const { order } = this.#ranked
    const from = this.#at
    let to = from
    const chosen = new Uint32Array(order.length - from)
    let size = 0
    for (let docs = 0; to < order.length && docs < count && !this.#isBehind(order[to]!, limit); to++) {
      const zone = order[to]!
      if (this.#filtered.some((may) => may[zone] === 0)) continue
      chosen[size++] = zone
      docs += found === null ? ZONE_DOCS : this.#within(found, zone).length
    }
    if (to === from) return null
    this.#at = to
    this.#visited += size
    const zones = chosen.subarray(0, size).sort()
    if (found !== null) return { list: concatWords(Array.from(zones, (zone) => this.#within(found, zone))) }
    const spans = new Uint32Array(2 * zones.length)
    let at = 0
    for (let i = 0; i < zones.length; i++) {
      const zone = zones[i]!
      if (i === 0 || zones[i - 1] !== zone - 1) {
        spans[at] = Math.max(this.#unit.start, (this.#first + zone) * ZONE_DOCS)
        at += 2
      }
      spans[at - 1] = Math.min(this.#unit.end, (this.#first + zone + 1) * ZONE_DOCS)
    }
    return { spans: spans.subarray(0, at) }
  }

  #isBehind(zone: number, limit: Uint32Array | null): boolean {
    if (limit === null) return false
    const { words } = this.#ranked
    for (let w = 0; w < words.length && w < limit.length; w++) {
      const [own, other] = [words[w]![zone]!, limit[w]!]
      if (own !== other) return own > other
    }
    return false
  }

  #within(found: Uint32Array, zone: number): Uint32Array {
    const start = (this.#first + zone) * ZONE_DOCS
    return found.subarray(lowerBound(found, start), lowerBound(found, start + ZONE_DOCS))
  }
}

/** Documents, ascending: a list of them, or spans, a start and an end each. */
export type ZoneDocs = { readonly list: Uint32Array } | { readonly spans: Uint32Array }

function rankZones(
  unit: DocUnit,
  own: readonly OrderedZones[],
  keys: readonly TopKey[],
  counts: readonly number[],
): Ranked {
  const bounds = own.map((zones, i) => keyBounds(zones, keys[i]!, counts[i]!, unit))
  const words = bounds.flatMap((key) => key.words)
  return { words, first: bounds[0]!, order: rowsByWords(words, words[0]!.length) }
}

function keyBounds({ zones, kind }: OrderedZones, key: TopKey, count: number, unit: DocUnit): KeyBounds {
  const [first, end] = [Math.floor(unit.start / ZONE_DOCS), Math.ceil(unit.end / ZONE_DOCS)]
  const { maxDoc } = unit.segment
  const { counts, bounds } = zones
  const { descending, nullsFirst } = key
  const words = Array.from({ length: count }, () => new Uint32Array(end - first))
  const [presence, high, low] = words as [Uint32Array, Uint32Array, Uint32Array]
  const half = descending ? 2 : 0
  const flip = descending ? 0xffffffff : 0
  for (let k = 0; k < end - first; k++) {
    const zone = first + k
    const size = Math.min(maxDoc, (zone + 1) * ZONE_DOCS) - zone * ZONE_DOCS
    // NULL has words of 0 behind the first.
    const isNull = nullsFirst ? counts[zone]! < size : counts[zone] === 0
    presence[k] = isNull ? +!nullsFirst : +nullsFirst
    if (isNull) continue
    const at = 4 * zone + half
    if (kind === 'ordinal') {
      high[k] = bounds[at]! ^ flip
      continue
    }
    const [h, l] = kind === 'float' ? floatHalves(bounds, 4 * zone, descending) : [bounds[at + 1]!, bounds[at]!]
    high[k] = h ^ flip
    low[k] = l ^ flip
  }
  return { words, attained: kind !== 'float' }
}

/** Zones of a column, and how its values are words of a key. */
interface OrderedZones {
  readonly zones: ValueZones
  readonly kind: 'integer' | 'float' | 'ordinal'
}

/** The zones of a column whose order-preserving values are the words of the key, or its ordinals. */
function orderedZones(columns: SegmentColumns, { column }: TopKey): OrderedZones | null {
  const means = columns.means(column)
  if (means.kind !== 'fast') return null
  const { raw } = means
  const { type } = columns.column(column)
  const as = (own: Pick<NumericColumn | BytesColumn, 'zones'> | null, kind: OrderedZones['kind']) => {
    const zones = own?.zones() ?? null
    return zones && { zones, kind }
  }
  switch (`${raw.type} ${typeName(type)}`) {
    case 'i64 Int64':
    case 'u64 Uint64':
      return as(raw as NumericColumn, 'integer')
    case 'f64 Float64':
      return as(raw as NumericColumn, 'float')
    case 'date Timestamp': {
      const unit = nanosPerUnit(type)
      return as(unit === 1 ? (raw as NumericColumn) : (raw as NumericColumn).dividedBy(BigInt(unit)), 'integer')
    }
    case 'str Utf8':
      return columns.ordinals(column)?.sorted === true ? as(raw as BytesColumn, 'ordinal') : null
    default:
      return null
  }
}

/** Halves of a bound of floats as keys order them: NaN above all, and -0 as 0. */
function floatHalves(bounds: Uint32Array, at: number, descending: boolean): readonly [high: number, low: number] {
  if (!descending) return [bounds[at + 1]!, bounds[at]!]
  const [leastLow, leastHigh, low, high] = [bounds[at]!, bounds[at + 1]!, bounds[at + 2]!, bounds[at + 3]!]
  const isBelow = leastHigh < MINUS_INFINITY || (leastHigh === MINUS_INFINITY && leastLow < 0xffffffff)
  const isAbove = high > INFINITY || (high === INFINITY && low > 0)
  if (isBelow || isAbove) return [0xffffffff, 0xffffffff]
  return high === ZERO - 1 && low === 0xffffffff ? [ZERO, 0] : [high, low]
}
