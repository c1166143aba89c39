import type { FieldEntry, IndexSchema } from '../schema/index-schema.ts'
import { InvalidDocumentError, JsonDate, JsonFloat, type InputDocument, type InputValue } from './input-document.ts'

/** Values of one field, in the form that the writers take; integers and dates bigint, addresses bigint, text well-formed. */
export interface CheckedField {
  readonly field: FieldEntry
  readonly values: readonly unknown[]
}

const I64_MIN = -(2n ** 63n)
const I64_END = 2n ** 63n
const U64_END = 2n ** 64n
const U128_END = 2n ** 128n
const MAX_DEPTH = 500

/** Checks a document against a schema. @throws InvalidDocumentError */
export function checkDocument(schema: IndexSchema, document: InputDocument): CheckedField[] {
  const fields: CheckedField[] = []
  for (const name of Object.keys(document)) {
    const input = document[name]
    if (input === undefined || input === null) continue
    const field = schema.field(name)
    if (field === undefined) throw new InvalidDocumentError(name, 'the schema has no such field')
    const values: unknown[] = []
    for (const value of Array.isArray(input) ? (input as readonly InputValue[]) : [input as InputValue]) {
      if (value !== undefined && value !== null) values.push(checkValue(field, value))
    }
    fields.push({ field, values })
  }
  return fields
}

function checkValue(field: FieldEntry, value: NonNullable<InputValue>): unknown {
  switch (field.type) {
    case 'text':
      if (typeof value !== 'string') throw unexpected(field.name, 'a string', value)
      return value.toWellFormed()
    case 'facet':
      if (typeof value !== 'string' || !value.startsWith('/')) throw unexpected(field.name, 'a path as /a/b', value)
      return facetPath(value.toWellFormed())
    case 'u64':
      return integer(field.name, value, 0n, U64_END)
    case 'i64':
    case 'date':
      return integer(field.name, value, I64_MIN, I64_END)
    case 'f64':
      if (typeof value !== 'number') throw unexpected(field.name, 'a number', value)
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw unexpected(field.name, 'a boolean', value)
      return value
    case 'ip_addr':
      return value instanceof Uint8Array && value.length === 16
        ? value.reduce((address, byte) => (address << 8n) | BigInt(byte), 0n)
        : integer(field.name, value, 0n, U128_END)
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw unexpected(field.name, 'a Uint8Array', value)
      return value
    case 'json_object':
      return checkJson(field.name, value, 0)
    case 'tie_breaker':
      throw new InvalidDocumentError(field.name, 'values of a tie_breaker field are generated')
    default:
      return field.type satisfies never
  }
}

function integer(name: string, value: unknown, min: bigint, end: bigint): bigint {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value))) {
    throw unexpected(name, 'a bigint or a safe integer', value)
  }
  const whole = BigInt(value)
  if (whole < min || whole >= end) throw new InvalidDocumentError(name, `${whole} is out of range`)
  return whole
}

/** The encoded form of a facet: its segments joined by byte 0. In a path, `\/` is a slash of a segment. */
function facetPath(path: string): string {
  return path
    .slice(1)
    .split(/(?<!\\)\//)
    .filter((segment, _, all) => segment !== '' || all.length > 1)
    .map((segment) => segment.replaceAll('\\/', '/'))
    .join('\0')
}

/**
 * Checks a JSON value, and makes it canonical: integers bigint, other numbers number, texts well-formed, objects as lists of
 * entries without undefined values.
 */
function checkJson(name: string, value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new InvalidDocumentError(name, `JSON nested deeper than ${MAX_DEPTH} levels`)
  switch (typeof value) {
    case 'string':
      return value.toWellFormed()
    case 'boolean':
      return value
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value
    case 'bigint':
      if (value < I64_MIN || value >= U64_END) throw new InvalidDocumentError(name, `${value} does not fit in 64 bits`)
      return value
    case 'object':
      break
    default:
      throw unexpected(name, 'a JSON value', value)
  }
  if (value === null) return null
  if (value instanceof JsonFloat) return value.value
  if (value instanceof JsonDate) {
    integer(name, value.nanos, I64_MIN, I64_END)
    return value
  }
  if (Array.isArray(value)) return value.map((item) => checkJson(name, item ?? null, depth + 1))
  if (value instanceof Uint8Array) throw unexpected(name, 'a JSON value', value)
  const entries: [string, unknown][] = []
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) entries.push([key.toWellFormed(), checkJson(name, item, depth + 1)])
  }
  return new JsonEntries(entries)
}

/** A checked JSON object. */
export class JsonEntries {
  readonly entries: readonly (readonly [string, unknown])[]

  constructor(entries: readonly (readonly [string, unknown])[]) {
    this.entries = entries
  }
}

function unexpected(name: string, expected: string, value: unknown): InvalidDocumentError {
  const found = value instanceof Object ? value.constructor.name : `${typeof value} ${String(value).slice(0, 40)}`
  return new InvalidDocumentError(name, `expected ${expected}, found ${found}`)
}
