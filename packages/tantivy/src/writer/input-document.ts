/** A date inside a JSON value: nanoseconds since the epoch. (A date field takes the bigint itself.) */
export class JsonDate {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** A number inside a JSON value that counts as floating point though it is whole, as `1.0` does. */
export class JsonFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A value of a JSON field. Numbers that are safe integers, and bigints, count as integers. */
export type JsonInput =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | JsonDate
  | JsonFloat
  | readonly JsonInput[]
  | { readonly [key: string]: JsonInput }

/**
 * A value of a field: text and facets (`/a/b`) as string; u64, i64 as bigint or safe integer; f64 as number; dates as bigint
 * nanoseconds since the epoch; IP addresses as 128-bit bigint (IPv4 mapped) or 16 bytes; bytes as Uint8Array.
 */
export type InputValue = JsonInput | Uint8Array

/** A document to index: values by field name, a list for several. Null and undefined are no value. */
export type InputDocument = Readonly<Record<string, InputValue | readonly InputValue[]>>

/** Raised for a document that does not fit the schema; the segment is as if it had not been offered. */
export class InvalidDocumentError extends Error {
  readonly field: string

  constructor(field: string, problem: string) {
    super(`field ${field}: ${problem}`)
    this.name = 'InvalidDocumentError'
    this.field = field
  }
}
