import type { IndexCorruptedError } from '../errors.ts'
import type {
  BytesColumn,
  ByteLists,
  Cardinality,
  ColumnDictionary,
  DocRows,
  IpColumn,
  NumericArray,
  NumericColumn,
  NumericLists,
  OrdinalLists,
} from './column.ts'
import type { ColumnIndex } from './column-index.ts'
import { ColumnRows } from './column-rows.ts'
import type { CompactSpace } from './compact-space.ts'
import { gatherNear } from './near-values.ts'
import { NumericDecoder } from './numeric-decoder.ts'
import { OrdinalDecoder } from './ordinal-decoder.ts'
import type { U64Values } from './u64-values.ts'
import { docsByZones, docsInZones, valueZones, type ValueZones } from './value-zones.ts'

type Corrupted = (problem: string) => IndexCorruptedError

/** Documents of ranges that are looked through, in times those of the column, before zones are made for them. */
const SCANS = 2

/** The zones of a column, made when they are asked for, or worth it. */
class KnownZones {
  readonly #index: ColumnIndex
  readonly #values: U64Values
  #zones: ValueZones | null | undefined
  #scanned = 0

  constructor(index: ColumnIndex, values: U64Values) {
    this.#index = index
    this.#values = values
  }

  get zones(): ValueZones | null {
    if (this.#zones === undefined) {
      this.#zones = this.#values.numValues === 0 ? null : valueZones(this.#index, this.#values)
    }
    return this.#zones
  }

  /** Those of ascending documents that may have a value in [min, max], as far as zones tell that are there. */
  among(docs: Uint32Array, min: bigint, max: bigint): Uint32Array {
    return this.#zones == null ? docs : docsInZones(this.#zones, min, max, docs)
  }

  /** The documents of [start, end) with a value in [min, max], by `find` as far as zones do not tell. */
  docs(
    min: bigint,
    max: bigint,
    start: number,
    end: number,
    find: (start: number, end: number) => Uint32Array,
  ): Uint32Array {
    this.#scanned += end - start
    const { numDocs, cardinality } = this.#index
    const isWorthIt = this.#zones !== undefined || this.#scanned > SCANS * numDocs
    const zones = isWorthIt && start >= 0 && start < end && end <= numDocs ? this.zones : null
    return (zones && docsByZones(zones, min, max, start, end, cardinality === 'full', find)) ?? find(start, end)
  }
}

/** What all columns share. */
abstract class ColumnBase<Out> {
  readonly numValues: number
  protected readonly rows: ColumnRows<Out>

  constructor(rows: ColumnRows<Out>, numValues: number) {
    this.rows = rows
    this.numValues = numValues
  }

  get cardinality(): Cardinality {
    return this.rows.index.cardinality
  }

  get numDocs(): number {
    return this.rows.index.numDocs
  }

  /** Documents of [start, end) with a value. */
  docsWithValue(start: number, end: number): Uint32Array {
    return this.rows.docsWithValue(start, end)
  }
}

export class NumericColumnReader extends ColumnBase<NumericArray> implements NumericColumn {
  readonly type: NumericColumn['type']
  readonly #decoder: NumericDecoder
  readonly #values: U64Values
  readonly #corrupted: Corrupted
  /** By the divisor. */
  readonly #divided = new Map<bigint, NumericColumnReader | null>()
  readonly #zones: KnownZones

  constructor(type: NumericColumn['type'], index: ColumnIndex, values: U64Values, corrupted: Corrupted) {
    const decoder = new NumericDecoder(values, type)
    super(new ColumnRows(index, decoder, corrupted), values.numValues)
    this.#zones = new KnownZones(index, values)
    this.type = type
    this.#corrupted = corrupted
    this.#decoder = decoder
    this.#values = values
  }

  get minValue(): bigint | number | null {
    return this.numValues === 0 ? null : this.#unmap(this.#values.min)
  }

  get maxValue(): bigint | number | null {
    return this.numValues === 0 ? null : this.#unmap(this.#values.max)
  }

  /** Bounds in the order-preserving u64 form, as the file has them, also of an empty column. */
  get rawBounds(): readonly [bigint, bigint] {
    return [this.#values.min, this.#values.max]
  }

  readRange(start: number, end: number, out: NumericArray, validity: Uint8Array): number {
    return this.rows.readRange(start, end, out, validity)
  }

  readDocs(docs: Uint32Array, count: number, out: NumericArray, validity: Uint8Array): number {
    return this.rows.readDocs(docs, count, out, validity)
  }

  readNear(docs: Uint32Array, count: number, out: Float64Array): boolean {
    const { docs: set, starts, numDocs } = this.rows.index
    if (starts !== null || this.type === 'f64' || this.numValues === 0) return false
    const values = this.#values.narrowValues(Number(this.minValue))
    if (values === null) return false
    for (let i = 0; i < count; i += 1) {
      if (docs[i]! >= numDocs) throw new RangeError(`document ${docs[i]} is outside a column of ${numDocs}`)
    }
    gatherNear(docs, count, set, values, out)
    return true
  }

  dividedBy(divisor: bigint): NumericColumn | null {
    if (this.type !== 'i64' && this.type !== 'date') return null
    let column = this.#divided.get(divisor)
    if (column === undefined) {
      const values = this.#values.divided(divisor)
      column = values && new NumericColumnReader(this.type, this.rows.index, values, this.#corrupted)
      this.#divided.set(divisor, column)
    }
    return column
  }

  zones(): ValueZones | null {
    return this.#zones.zones
  }

  readLists(rows: DocRows): NumericLists {
    return this.rows.readLists(rows)
  }

  sumRange(start: number, end: number): { sum: bigint; count: number } | null {
    const { docs, starts } = this.rows.index
    if (starts !== null || this.type === 'f64' || !(start >= 0 && start <= end && end <= this.numDocs)) return null
    const [from, to] = docs === null ? [start, end] : [docs.rank(start), docs.rank(end)]
    const raw = this.#values.sumRows(from, to)
    if (raw === null) return null
    const signed = this.type === 'i64' || this.type === 'date'
    return { sum: signed ? raw - (BigInt(to - from) << 63n) : raw, count: to - from }
  }

  docsInRange(min: bigint, max: bigint, start: number, end: number): Uint32Array {
    if (this.numValues === 0 || min > max || max < this.#values.min || min > this.#values.max) {
      return new Uint32Array(0)
    }
    this.#decoder.setRange(min, max)
    return this.#zones.docs(min, max, start, end, (from, to) => this.rows.matchingDocs(from, to))
  }

  docsOfSpans(spans: Uint32Array, min: bigint, max: bigint): Uint32Array {
    if (this.numValues === 0 || min > max || max < this.#values.min || min > this.#values.max) {
      return new Uint32Array(0)
    }
    this.#decoder.setRange(min, max)
    return this.rows.matchingSpans(spans)
  }

  docsOfInRange(docs: Uint32Array, min: bigint, max: bigint): Uint32Array {
    if (this.numValues === 0 || min > max || max < this.#values.min || min > this.#values.max) {
      return new Uint32Array(0)
    }
    this.#decoder.setRange(min, max)
    return this.rows.matchingOf(this.#zones.among(docs, min, max))
  }

  #unmap(value: bigint): bigint | number {
    return unmapU64(this.type, value)
  }
}

/** Undoes the order-preserving mapping of section 1.1. */
export function unmapU64(type: NumericColumn['type'], value: bigint): bigint | number {
  if (type === 'u64' || type === 'bool') return value
  const sign = 1n << 63n
  if (type !== 'f64') return BigInt.asIntN(64, value ^ sign)
  const bits = value & sign ? value ^ sign : BigInt.asUintN(64, ~value)
  return new Float64Array(BigUint64Array.of(bits).buffer)[0]!
}

export class IpColumnReader extends ColumnBase<Uint8Array> implements IpColumn {
  readonly type = 'ip'
  readonly #values: CompactSpace

  constructor(index: ColumnIndex, values: CompactSpace, corrupted: Corrupted) {
    super(new ColumnRows(index, values, corrupted), values.numValues)
    this.#values = values
  }

  get minValue(): bigint | null {
    return this.numValues === 0 ? null : this.#values.min
  }

  get maxValue(): bigint | null {
    return this.numValues === 0 ? null : this.#values.max
  }

  readRange(start: number, end: number, out: Uint8Array, validity: Uint8Array): number {
    return this.rows.readRange(start, end, out, validity)
  }

  readDocs(docs: Uint32Array, count: number, out: Uint8Array, validity: Uint8Array): number {
    return this.rows.readDocs(docs, count, out, validity)
  }

  readLists(rows: DocRows): ByteLists {
    return this.rows.readLists(rows)
  }

  docsInRange(min: bigint, max: bigint, start: number, end: number): Uint32Array {
    if (this.numValues === 0 || min > max) return new Uint32Array(0)
    this.#values.setRange(min, max)
    return this.rows.matchingDocs(start, end)
  }
}

export class BytesColumnReader extends ColumnBase<Uint32Array> implements BytesColumn {
  readonly type: 'bytes' | 'str'
  readonly dictionary: ColumnDictionary
  readonly #decoder: OrdinalDecoder
  readonly #ordinals: U64Values
  readonly #corrupted: Corrupted
  readonly #zones: KnownZones

  constructor(
    type: 'bytes' | 'str',
    index: ColumnIndex,
    values: U64Values,
    dictionary: ColumnDictionary,
    corrupted: Corrupted,
  ) {
    const decoder = new OrdinalDecoder(values)
    super(new ColumnRows(index, decoder, corrupted), values.numValues)
    this.#zones = new KnownZones(index, values)
    this.type = type
    this.dictionary = dictionary
    this.#decoder = decoder
    this.#ordinals = values
    this.#corrupted = corrupted
  }

  readOrdinals(start: number, end: number, out: Uint32Array, validity: Uint8Array): number {
    return this.rows.readRange(start, end, out, validity)
  }

  readOrdinalsOf(docs: Uint32Array, count: number, out: Uint32Array, validity: Uint8Array): number {
    return this.rows.readDocs(docs, count, out, validity)
  }

  readOrdinalLists(rows: DocRows): OrdinalLists {
    return this.rows.readLists(rows)
  }

  countOrdinals(start: number, end: number, counts: Uint32Array): boolean {
    if (this.cardinality !== 'full') return false
    const outside = this.#ordinals.countRows(start, end, counts)
    if (outside > 0) throw this.#corrupted(`${outside} ordinals of ${counts.length} terms`)
    return outside === 0
  }

  docsInRange(min: number, max: number, start: number, end: number): Uint32Array {
    if (min > max || max < 0) return new Uint32Array(0)
    this.#decoder.setRange(min, max)
    const find = (from: number, to: number): Uint32Array => this.rows.matchingDocs(from, to)
    return this.#zones.docs(BigInt(Math.max(0, min)), BigInt(max), start, end, find)
  }

  zones(): ValueZones | null {
    return this.#zones.zones
  }

  docsOfSpans(spans: Uint32Array, min: number, max: number): Uint32Array {
    if (min > max || max < 0) return new Uint32Array(0)
    this.#decoder.setRange(Math.max(0, min), max)
    return this.rows.matchingSpans(spans)
  }

  docsOfInRange(docs: Uint32Array, min: number, max: number): Uint32Array {
    if (min > max || max < 0) return new Uint32Array(0)
    this.#decoder.setRange(min, max)
    return this.rows.matchingOf(this.#zones.among(docs, BigInt(Math.max(0, min)), BigInt(max)))
  }

  docsAccepted(accepted: Uint8Array, start: number, end: number): Uint32Array {
    this.#decoder.setAccepted(accepted)
    return this.rows.matchingDocs(start, end)
  }

  docsOfAccepted(docs: Uint32Array, accepted: Uint8Array): Uint32Array {
    this.#decoder.setAccepted(accepted)
    return this.rows.matchingOf(docs)
  }
}
