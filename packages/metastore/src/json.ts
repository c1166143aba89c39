import { MetastoreError } from './metastore-error.ts'

/** A parsed JSON value; integers that a double cannot hold exactly are bigints. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject
export interface JsonObject {
  [key: string]: JsonValue | undefined
}

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

/**
 * Parses JSON and keeps integers beyond 2^53 exact, as bigints (`partition_id` of a split is one).
 *
 * @param what Names the text in the error.
 * @throws MetastoreError `corrupted`.
 */
export function parseJson(text: string, what: string): JsonValue {
  try {
    // A reviver makes parsing several times slower: ids in strings, which begin behind a quote, do not call for it.
    if (!/(?:^|[\s:,[-])\d{16}/.test(text)) return JSON.parse(text) as JsonValue
    const parse = JSON.parse as (text: string, reviver: Reviver) => unknown
    return parse(text, reviveIntegers) as JsonValue
  } catch (error) {
    throw new MetastoreError('corrupted', `${what} is not JSON: ${(error as Error).message}`, error)
  }
}

function reviveIntegers(this: unknown, _key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return context.source !== undefined && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

/** Writes JSON as parseJson reads it, bigints as plain integers; pretty-printed with two spaces. */
export function stringifyJson(value: unknown): string {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON
  return JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'bigint' ? raw(String(member)) : member),
    2,
  )
}
