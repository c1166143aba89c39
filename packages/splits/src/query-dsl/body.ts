/** Parsed JSON: integers are bigint and other numbers number, for Quickwit tells 1 from 1.0. */
export type Json = null | boolean | bigint | number | string | readonly Json[] | JsonMap
export interface JsonMap {
  readonly [key: string]: Json
}

/** A request body that has not the form that is asked for; the message is the one Quickwit's parser has, without position. */
export class BodyError extends Error {
  override readonly name: string = 'BodyError'
}

/** Levels of arrays and objects that a body may have. */
const MAX_DEPTH = 127

/** @throws BodyError for what is no JSON, or is nested too deep. */
export function parseJsonBody(text: string): Json {
  if (isDeep(text)) throw new BodyError('recursion limit exceeded')
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => Json
  try {
    return parse(text, (_key, value, context) =>
      typeof value === 'number' && /^-?\d+$/.test(context.source ?? '') ? wholeNumber(context.source!) : value,
    )
  } catch (error) {
    throw new BodyError((error as Error).message)
  }
}

function isDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (quoted) {
      if (char === '\\') at++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** Integers beyond 64 bits are doubles to Quickwit; so is -0. */
function wholeNumber(source: string): bigint | number {
  const value = BigInt(source)
  const fits = value >= -(1n << 63n) && value < 1n << 64n && source !== '-0'
  return fits ? value : Number(source)
}

/** What Quickwit's parser calls a value that it did not expect. */
function describe(value: Json): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return `boolean \`${value}\``
  if (typeof value === 'bigint') return `integer \`${value}\``
  if (typeof value === 'number') return `floating point \`${Number.isInteger(value) ? `${value}.0` : value}\``
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`
  return Array.isArray(value) ? 'sequence' : 'map'
}

export function invalidType(value: Json, expected: string): BodyError {
  return new BodyError(`invalid type: ${describe(value)}, expected ${expected}`)
}

/** `one of` several names, or the only ones. */
export function expectedNames(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``)
  if (quoted.length === 0) return 'there are no fields'
  if (quoted.length === 1) return `expected ${quoted[0]}`
  return quoted.length === 2 ? `expected ${quoted.join(' or ')}` : `expected one of ${quoted.join(', ')}`
}

export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function mapOf(value: Json, expected: string): JsonMap {
  if (!isMap(value)) throw invalidType(value, expected)
  return value
}

/** The members of an object whose names are all known. */
export function fieldsOf(value: Json, what: string, known: readonly string[]): JsonMap {
  const map = mapOf(value, `struct ${what}`)
  for (const key of Object.keys(map)) {
    if (!known.includes(key)) throw new BodyError(`unknown field \`${key}\`, ${expectedNames(known)}`)
  }
  return map
}

export function required(map: JsonMap, key: string): Json {
  const value = map[key]
  if (value === undefined) throw new BodyError(`missing field \`${key}\``)
  return value
}

export function stringOf(value: Json): string {
  if (typeof value !== 'string') throw invalidType(value, 'a string')
  return value
}

/** A string, or undefined for an absent or null member. */
export function optionalString(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : stringOf(value)
}

export function boolOf(value: Json | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalidType(value, 'a boolean')
  return value
}

export function optionalBool(value: Json | undefined): boolean | undefined {
  return value === undefined || value === null ? undefined : boolOf(value, false)
}

/** A whole number from 0 up to `max`. */
export function unsignedOf(value: Json, type: 'u32' | 'u64'): number {
  if (typeof value !== 'bigint') throw invalidType(value, type)
  const max = type === 'u32' ? (1n << 32n) - 1n : (1n << 64n) - 1n
  if (value < 0n || value > max) throw new BodyError(`invalid value: integer \`${value}\`, expected ${type}`)
  return Number(value)
}

export function optionalUnsigned(value: Json | undefined, type: 'u32' | 'u64'): number | undefined {
  return value === undefined || value === null ? undefined : unsignedOf(value, type)
}

/** A boost, in f32; undefined for an absent or null member. */
export function optionalBoost(value: Json | undefined): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'bigint' && typeof value !== 'number') throw invalidType(value, 'f32')
  return Math.fround(Number(value))
}

export function variantOf<T extends string>(value: Json, variants: readonly T[]): T {
  const text = stringOf(value)
  if (!(variants as readonly string[]).includes(text)) {
    throw new BodyError(`unknown variant \`${text}\`, ${expectedNames(variants)}`)
  }
  return text as T
}

/** The only member of an object. */
export function onlyField(value: Json): readonly [string, Json] {
  const entries = Object.entries(mapOf(value, 'Expected a map with a single field.'))
  if (entries.length === 0) throw new BodyError('expected a single field. got none')
  if (entries.length > 1) {
    throw new BodyError(`expected a single field. got several (${entries[0]![0]}, ${entries[1]![0]}, ...)`)
  }
  return entries[0] as [string, Json]
}
