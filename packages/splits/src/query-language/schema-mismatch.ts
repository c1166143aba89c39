import { SqlState, VolleyError } from '@volley/core'

/** What an index schema cannot answer: an error where a query is checked, no documents where it runs. */
export class SchemaMismatch extends Error {
  readonly code: string
  /** The same in the words of Quickwit's own refusal. */
  readonly refusal: string
  /** Whether it is only that the field is not there. */
  readonly unknownField: boolean

  constructor(message: string, refusal: string, code: string = SqlState.invalidParameterValue) {
    super(message)
    this.code = code
    this.refusal = refusal
    this.unknownField = code === SqlState.undefinedColumn
  }
}

/** A query that the current mapping cannot answer. */
export class QueryRefusedError extends VolleyError {
  /** What Quickwit answers such a query. */
  readonly refusal: string

  constructor(mismatch: SchemaMismatch) {
    super(mismatch.message, { code: mismatch.code })
    this.refusal = `invalid query: ${mismatch.refusal}`
  }
}

export function unknownField(name: string): SchemaMismatch {
  return new SchemaMismatch(
    `field ${name} does not exist`,
    `field does not exist: \`${name}\``,
    SqlState.undefinedColumn,
  )
}

/** A refusal of the kind that Quickwit words as a schema error. */
export function incompatible(message: string, refusal: string): SchemaMismatch {
  return new SchemaMismatch(message, `query is incompatible with schema. ${refusal})`)
}
