import { PreparedEmpty } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { Query } from './query.ts'

/** No document. */
export class EmptyQuery implements Query {
  readonly kind = 'Empty'

  visitTerms(): void {}

  async prepare(): Promise<PreparedQuery> {
    return new PreparedEmpty()
  }

  toString(): string {
    return 'Empty'
  }
}
