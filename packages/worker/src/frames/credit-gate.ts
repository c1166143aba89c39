/**
 * The producer's side of flow control: bytes that the consumer has granted and that were not spent. A message may be sent while any credit
 * is left, so what is in flight exceeds the grants by one message at most.
 */
export class CreditGate {
  #credit = 0
  #closed = false
  #wake: (() => void) | null = null

  grant(bytes: number): void {
    if (bytes > 0) this.#credit += bytes
    this.#wake?.()
  }

  spend(bytes: number): void {
    this.#credit -= bytes
  }

  /** Ends all waiting. */
  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  /** Waits for credit; false when the gate was closed. One waiter at a time. */
  async ready(): Promise<boolean> {
    while (this.#credit <= 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
    return !this.#closed
  }
}
