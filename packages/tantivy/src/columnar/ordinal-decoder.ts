import { matchWords } from './numeric-decoder.ts'
import type { U64Values } from './u64-values.ts'
import { CHUNK, type ValueDecoder } from './value-decoder.ts'

const words = new Uint32Array(CHUNK)
const high = new Uint32Array(CHUNK)

/** Decodes the ordinals of a str or bytes column. */
export class OrdinalDecoder implements ValueDecoder<Uint32Array> {
  readonly numValues: number
  readonly #values: U64Values
  #min = 0
  #max = 0
  #accepted: Uint8Array | null = null

  constructor(values: U64Values) {
    this.#values = values
    this.numValues = values.numValues
  }

  load(start: number, end: number): void {
    this.#values.readLow(start, end, words, 0)
  }

  loadRows(rows: Uint32Array, count: number): void {
    this.#values.readRows(rows, count, words, high)
  }

  store(out: Uint32Array, at: number, count: number): void {
    for (let i = 0; i < count; i += 1) out[at + i] = words[i]!
  }

  scatter(out: Uint32Array, at: number, slots: Uint32Array, count: number): void {
    for (let i = 0; i < count; i += 1) out[at + slots[i]!] = words[i]!
  }

  copy(start: number, end: number, out: Uint32Array, at: number): boolean {
    this.#values.readLow(start, end, out, at)
    return true
  }

  copyListed(rows: Uint32Array, count: number, out: Uint32Array, at: number): boolean {
    return this.#values.readListedLow(rows, count, out, at)
  }

  spread(out: Uint32Array, at: number, slots: Uint32Array, found: number, count: number): void {
    let to = at + count - 1
    for (let i = found - 1; i >= 0; i -= 1) {
      const place = at + slots[i]!
      for (; to > place; to -= 1) out[to] = 0
      out[to] = out[at + i]!
      to -= 1
    }
    if (to >= at) out.fill(0, at, to + 1)
  }

  clear(out: Uint32Array, at: number, count: number): void {
    out.fill(0, at, at + count)
  }

  /** Sets the range of ordinals that is looked for. */
  setRange(min: number, max: number): void {
    this.#min = min
    this.#max = max
    this.#accepted = null
  }

  /** Sets the ordinals that are looked for: those with a 1. */
  setAccepted(accepted: Uint8Array): void {
    this.#accepted = accepted
  }

  find(start: number, end: number, first: number, out: Uint32Array, at: number): number {
    if (this.#accepted !== null) return this.#values.matchFlags(start, end, this.#accepted, first, out, at)
    if (this.#min > this.#max) return 0
    return this.#values.matchRows(start, end, BigInt(this.#min), BigInt(this.#max), first, out, at)
  }

  findListed(rows: Uint32Array, names: Uint32Array, count: number, out: Uint32Array, at: number): number {
    if (this.#accepted !== null) return this.#values.matchListedFlags(rows, names, count, this.#accepted, out, at)
    if (this.#min > this.#max) return 0
    return this.#values.matchListed(rows, names, count, BigInt(this.#min), BigInt(this.#max), out, at)
  }

  findSpans(spans: Uint32Array, out: Uint32Array): number {
    if (this.#accepted !== null) return -1
    if (this.#min > this.#max) return 0
    return this.#values.matchSpans(spans, BigInt(this.#min), BigInt(this.#max), out)
  }

  match(start: number, end: number, flags: Uint8Array): void {
    this.load(start, end)
    this.#test(end - start, flags)
  }

  matchListed(rows: Uint32Array, count: number, flags: Uint8Array): void {
    this.loadRows(rows, count)
    this.#test(count, flags)
  }

  #test(count: number, flags: Uint8Array): void {
    const accepted = this.#accepted
    if (accepted !== null) for (let i = 0; i < count; i += 1) flags[i] = accepted[words[i]!] ?? 0
    else if (this.#min > this.#max) flags.fill(0, 0, count)
    else matchWords(words, count, this.#min, this.#max, flags)
  }

  allocate(count: number): Uint32Array {
    return new Uint32Array(count)
  }
}
