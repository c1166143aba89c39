/** A query that has its form but cannot mean anything, such as one with both `gt` and `gte`. */
export class DslError extends Error {
  override readonly name: string = 'DslError'
}
