import { countCharacters, type Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import { BINARY, BOOL, INT32, UTF8 } from '../types/type-factory.ts'
import { boolVector, commonValidity } from '../vectors/bitmap.ts'
import { allocValues, constantVector } from '../vectors/build.ts'
import { equalBytes, indexOfBytes } from '../vectors/bytes-kernels.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import { BytesVector, ConstantVector, DictionaryVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { presentRowsOf } from './present-rows.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'

/** Writes a number of each text of the first `count` of `rows` to out[row]. */
type Measure = (texts: BytesVector, rows: Uint32Array | null, count: number, out: Int32Array) => void

/** An Int32 of each run of bytes. */
function measure(call: ScalarCall, of: Measure, known: KnownMeasures): Vector {
  const { length, region } = call
  const operand = new Operand(call.args[0]!)
  if (operand.isAlwaysNull) return constantVector(call.type, null, length, region)
  if (operand.isConstant) {
    const out = allocValues(INT32, operand.data.length, region) as Int32Array
    of(operand.bytes, null, operand.data.length, out)
    const value = allocValues(INT32, 1, region)
    value[0] = out[operand.at(0)]!
    return new ConstantVector(new PrimitiveVector(call.type, 1, null, value), length)
  }
  const rows = presentRowsOf([operand], call.selection ?? allRows(length), region)
  const out = allocValues(INT32, length, region) as Int32Array
  if (operand.codes === null) of(operand.bytes, insideOf(rows, length, region), rows.length, out)
  else measureCodes(operand.codes, operand.bytes, rows, of, known, out, region)
  return new PrimitiveVector(call.type, length, operand.validity, out)
}

/** What a measure is of each entry of a dictionary, by its content, -1 where it was not asked for; kept as long as that. */
type KnownMeasures = WeakMap<object, Int16Array | Int32Array>

/** The largest measure that two bytes hold: rows look them up all over the dictionary, so that the fewer bytes the better. */
const MOST_SHORT = 0x7fff

/** Each entry once, when a row first has it. */
function measureCodes(
  codes: Uint32Array,
  dictionary: BytesVector,
  rows: Uint32Array,
  of: Measure,
  known: KnownMeasures,
  out: Int32Array,
  region: Region,
): void {
  let byCode = known.get(dictionary.content)
  if (byCode === undefined) known.set(dictionary.content, (byCode = new Int16Array(dictionary.length).fill(-1)))
  if (writeMeasures(codes, byCode, rows, out)) return
  const asked = region.u32(Math.min(rows.length, dictionary.length))
  let count = 0
  for (let k = 0; k < rows.length; k++) {
    const code = codes[rows[k]!]!
    if (byCode[code]! >= 0) continue
    byCode[code] = 0
    asked[count++] = code
  }
  const measured = region.i32(dictionary.length)
  of(dictionary, asked, count, measured)
  let most = 0
  for (let k = 0; k < count; k++) most = Math.max(most, measured[asked[k]!]!)
  if (most > MOST_SHORT) known.set(dictionary.content, (byCode = Int32Array.from(byCode)))
  for (let k = 0; k < count; k++) byCode[asked[k]!] = measured[asked[k]!]!
  writeMeasures(codes, byCode, rows, out)
}

/** Writes what is known of each row's entry; false where nothing is of one. */
function writeMeasures(
  codes: Uint32Array,
  byCode: Int16Array | Int32Array,
  rows: Uint32Array,
  out: Int32Array,
): boolean {
  let seen = 0
  if (rows.length === out.length) {
    for (let row = 0; row < rows.length; row++) {
      const value = byCode[codes[row]!]!
      seen |= value
      out[row] = value
    }
  } else {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      const value = byCode[codes[row]!]!
      seen |= value
      out[row] = value
    }
  }
  return seen >= 0
}

/** Rows in the region's memory, for kernels; null for all. */
function insideOf(rows: Uint32Array, length: number, region: Region): Uint32Array | null {
  if (rows.length === length) return null
  if (rows.buffer === region.arena.buffer) return rows
  const inside = region.u32(rows.length)
  inside.set(rows)
  return inside
}

function scaledLength(scale: number): Measure {
  return ({ offsets }, rows, count, out) => {
    for (let k = 0; k < count; k++) {
      const row = rows === null ? k : rows[k]!
      out[row] = (offsets[row + 1]! - offsets[row]!) * scale
    }
  }
}

type TextTest = (bytes: Uint8Array, start: number, end: number, part: Uint8Array) => boolean

/** A Bool of each pair of texts. */
function testPair(call: ScalarCall, test: TextTest): Vector {
  const { length, region } = call
  const text = new Operand(call.args[0]!)
  const part = new Operand(call.args[1]!)
  const validity = commonValidity(call.args, length, region)
  const bits = region.bitmap(length, false)
  if (validity === 'none') return boolVector(length, 'none', bits, region)
  const rows = presentRowsOf([text, part], call.selection ?? allRows(length), region)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const i = text.at(row)
    const j = part.at(row)
    const wanted = part.bytes.bytes.subarray(part.bytes.offsets[j]!, part.bytes.offsets[j + 1]!)
    const found = test(text.bytes.bytes, text.bytes.offsets[i]!, text.bytes.offsets[i + 1]!, wanted)
    bits[row >>> 3]! |= +found << (row & 7)
  }
  return boolVector(length, validity, bits, region)
}

/** Changes case: of ASCII byte by byte in place, of other text as Unicode does without regard to a language. */
function changeCase(call: ScalarCall, upper: boolean): Vector {
  const vector = call.args[0]!
  const { region } = call
  if (vector.encoding === 'dictionary') {
    const { codes, dictionary, validity, length, type } = vector as DictionaryVector
    const changed = changeBytes(dictionary, null, upper, region)
    if (changed !== null) return new DictionaryVector(type, length, validity, codes, changed, false)
  }
  if (vector.encoding === 'bytes') {
    const changed = changeBytes(vector as BytesVector, call.selection, upper, region)
    if (changed !== null) return changed
  }
  const convert = upper ? (text: string): string => text.toUpperCase() : (text: string): string => text.toLowerCase()
  return evaluateRows(call, (args) => convert(args[0] as string))
}

/** Null when a byte is not ASCII. */
function changeBytes(
  vector: BytesVector,
  selection: Uint32Array | null,
  upper: boolean,
  region: Region,
): BytesVector | null {
  // Of a few rows, the rows' bytes are fewer than the column's.
  if (selection !== null && selection.length * 4 < vector.length) return null
  const { offsets, bytes, length } = vector
  const start = offsets[0] ?? 0
  const end = offsets[length] ?? 0
  const out = region.u8(end)
  const first = upper ? 97 : 65
  let seen = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    seen |= byte
    out[i] = byte ^ (+((byte - first) >>> 0 < 26) << 5)
  }
  if (seen >= 0x80) return null
  return new BytesVector(vector.type, length, vector.validity, offsets, out)
}

function lengthFunction(
  name: string,
  aliases: readonly string[],
  description: string,
  examples: readonly (readonly [string, string])[],
  of: Measure,
  types: readonly DataType[],
): ScalarFunction {
  const known: KnownMeasures = new WeakMap()
  return defineFunction({
    name,
    aliases,
    category: 'text',
    description,
    examples,
    overloads: types.map((type) => ({ args: [type], returns: INT32 })),
    evaluate: (call) => measure(call, of, known),
  })
}

function testFunction(
  name: string,
  description: string,
  examples: readonly (readonly [string, string])[],
  test: TextTest,
): ScalarFunction {
  return defineFunction({
    name,
    category: 'text',
    description,
    examples,
    overloads: [{ args: [UTF8, UTF8], returns: BOOL }],
    evaluate: (call) => testPair(call, test),
  })
}

/** Functions of text that work on UTF-8 bytes, without making strings. */
export const BYTES_FUNCTIONS: readonly ScalarFunction[] = [
  lengthFunction(
    'length',
    ['char_length', 'character_length'],
    'Number of characters (code points).',
    [["length('jose')", '4']],
    ({ bytes, offsets }, rows, count, out) => countCharacters(bytes, offsets, rows, count, out),
    [UTF8],
  ),
  lengthFunction('octet_length', [], 'Number of bytes.', [["octet_length('josé')", '5']], scaledLength(1), [
    UTF8,
    BINARY,
  ]),
  lengthFunction('bit_length', [], 'Number of bits.', [["bit_length('jose')", '32']], scaledLength(8), [UTF8, BINARY]),
  testFunction(
    'starts_with',
    'Whether a text starts with another.',
    [["starts_with('alphabet', 'alph')", 'true']],
    (bytes, start, end, part) =>
      end - start >= part.length && equalBytes(bytes, start, start + part.length, part, 0, part.length),
  ),
  testFunction(
    'ends_with',
    'Whether a text ends with another.',
    [["ends_with('alphabet', 'bet')", 'true']],
    (bytes, start, end, part) =>
      end - start >= part.length && equalBytes(bytes, end - part.length, end, part, 0, part.length),
  ),
  testFunction(
    'contains',
    'Whether a text contains another.',
    [["contains('alphabet', 'hab')", 'true']],
    (bytes, start, end, part) => indexOfBytes(bytes, start, end, part) >= 0,
  ),
  defineFunction({
    name: 'lower',
    category: 'text',
    description: 'The text in lower case.',
    examples: [
      ["lower('TOM')", 'tom'],
      ["lower('ÄÖ')", 'äö'],
    ],
    overloads: [{ args: [UTF8], returns: UTF8 }],
    evaluate: (call) => changeCase(call, false),
  }),
  defineFunction({
    name: 'upper',
    category: 'text',
    description: 'The text in upper case.',
    examples: [
      ["upper('tom')", 'TOM'],
      ["upper('äö')", 'ÄÖ'],
    ],
    overloads: [{ args: [UTF8], returns: UTF8 }],
    evaluate: (call) => changeCase(call, true),
  }),
]
