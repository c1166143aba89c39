import type { Cache } from '@volley/kernels'
import type { ScalarValue } from '../types/scalar-value.ts'
import { BytesWriter } from '../vectors/bytes-writer.ts'
import { Operand } from '../vectors/operand.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows } from '../vectors/selection.ts'
import { BoolVector, DictionaryVector, type BytesVector, type Vector } from '../vectors/vector.ts'
import { Replacement, type Regex } from './regex.ts'
import { REPLACED_TEXTS, ReplacedTexts, type ReplacedSlot } from './replaced-texts.ts'
import type { ScalarCall } from './scalar-function.ts'

/** A column of texts, and the constants that stand behind it in a call. */
interface Texts {
  readonly operand: Operand
  readonly constants: readonly string[]
}

/** The texts of a call whose other arguments are constant and not NULL; null where it is not so. */
function textsOf({ args }: ScalarCall): Texts | null {
  const [first, ...rest] = args
  const operand = new Operand(first!)
  if (operand.isConstant || operand.data.encoding !== 'bytes') return null
  const constants: ScalarValue[] = []
  for (const arg of rest) {
    if (!new Operand(arg).isConstant) return null
    constants.push(scalarAt(arg, 0))
  }
  return constants.every((value) => typeof value === 'string') ? { operand, constants } : null
}

/** A bitmap of a column's in the call's own memory. */
function validityOf({ operand }: Texts, { region, length }: ScalarCall): Uint8Array | null {
  if (operand.validity === null) return null
  const bits = region.u8((length + 7) >>> 3)
  bits.set(operand.validity.subarray(0, bits.length))
  return bits
}

/** The entries of a dictionary that selected rows have; `places` says of each, and of no other surely, where it is among them. */
function entriesOf(operand: Operand, codes: Uint32Array, rows: Uint32Array, places: Uint32Array): Uint32Array {
  const { validity } = operand
  const entries = new Uint32Array(Math.min(rows.length, places.length))
  let count = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (validity !== null && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
    const code = codes[row]!
    const place = places[code]!
    if (place < count && entries[place] === code) continue
    places[code] = count
    entries[count++] = code
  }
  return entries.subarray(0, count)
}

/** What patterns make of dictionaries, the last one of each, by their content. */
const slots = new WeakMap<object, ReplacedSlot>()
/** Dictionaries that are no more need none. */
const lost = new FinalizationRegistry<() => void>((drop) => drop())

/** The texts of a dictionary that are kept, or are to be. */
function replacedOf(dictionary: BytesVector, constants: string, kept: Cache<ReplacedSlot, null>): ReplacedSlot {
  let slot = slots.get(dictionary.content)
  if (slot === undefined) {
    const made = (slot = { texts: null })
    slots.set(dictionary.content, made)
    lost.register(dictionary.content, () => kept.delete(made))
  }
  if (slot.texts?.constants !== constants) slot.texts = new ReplacedTexts(constants, dictionary.length)
  return slot
}

/** regexp_replace of a column of texts by constants, once for each entry of a dictionary; null where it is not so. */
export function replaceTexts(call: ScalarCall, regexOf: (pattern: string, flags: string) => Regex): Vector | null {
  const texts = textsOf(call)
  if (texts === null) return null
  const { operand, constants } = texts
  const { length, region, type } = call
  const rows = call.selection ?? allRows(length)
  if (rows.length === 0) return null
  const regex = regexOf(constants[0]!, constants[2] ?? '')
  const replacement = new Replacement(constants[1]!)
  const { offsets, bytes } = operand.bytes
  const replace = (at: number, out: BytesWriter): void =>
    regex.replaceBytes(bytes, offsets[at]!, offsets[at + 1]!, replacement, out)
  if (operand.codes === null) {
    const out = new BytesWriter(region, length)
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      while (out.length < row) out.endRow()
      if (operand.isValid(row)) replace(row, out)
      out.endRow()
    }
    while (out.length < length) out.endRow()
    return out.finish(type, validityOf(texts, call))
  }
  const kept = region.arena.caches.shared(REPLACED_TEXTS)
  const slot = replacedOf(operand.bytes, JSON.stringify(constants), kept)
  const known = slot.texts!
  const { places } = known
  const entries = entriesOf(operand, operand.codes, rows, places)
  if (entries.length === 0) return null
  const out = new BytesWriter(region, entries.length)
  for (const entry of entries) {
    const isKnown = known.write(entry, out)
    if (!isKnown) replace(entry, out)
    out.endRow()
    if (!isKnown) known.add(entry, out.lastRow)
  }
  if (kept.get(slot) === undefined) kept.set(slot, null, known.size)
  else kept.resize(slot, known.size)
  const codes = region.u32(length).fill(0)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (operand.isValid(row)) codes[row] = places[operand.codes[row]!]!
  }
  const dictionary: BytesVector = out.finish(type)
  return new DictionaryVector(type, length, validityOf(texts, call), codes, dictionary, false)
}

/** Whether texts of a column have a match of a constant pattern; null where it is not so. */
export function testTexts(
  call: ScalarCall,
  regexOf: (constants: readonly string[]) => Regex,
  negated: boolean,
): Vector | null {
  const texts = textsOf(call)
  if (texts === null) return null
  const { operand, constants } = texts
  const { length, region, type } = call
  const rows = call.selection ?? allRows(length)
  if (rows.length === 0) return null
  const regex = regexOf(constants)
  const { offsets, bytes } = operand.bytes
  const test = (at: number): number => +(regex.testBytes(bytes, offsets[at]!, offsets[at + 1]!) !== negated)
  const bits = region.bitmap(length, false)
  const { codes } = operand
  // By entry of a dictionary: 2 is not known yet.
  const known = new Uint8Array(codes === null ? 0 : operand.data.length).fill(2)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (!operand.isValid(row)) continue
    if (codes === null) bits[row >>> 3]! |= test(row) << (row & 7)
    else {
      const code = codes[row]!
      if (known[code] === 2) known[code] = test(code)
      bits[row >>> 3]! |= known[code]! << (row & 7)
    }
  }
  return new BoolVector(type, length, validityOf(texts, call), bits)
}
