/** An aggregation that cannot be done: its request is wrong or unknown, or it passes a limit. */
export class AggregationError extends Error {
  override readonly name = 'AggregationError'
  readonly kind: 'invalid_request' | 'limit_exceeded'

  constructor(kind: 'invalid_request' | 'limit_exceeded', message: string) {
    super(message)
    this.kind = kind
  }
}

export function invalidRequest(message: string): AggregationError {
  return new AggregationError('invalid_request', message)
}
