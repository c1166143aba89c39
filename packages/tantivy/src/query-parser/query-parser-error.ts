/** Raised for a query that does not parse, or does not fit the schema. */
export class QueryParserError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'QueryParserError'
  }
}
