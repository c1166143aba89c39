/** Remembers the result of an asynchronous computation; a failure or an abort is not remembered. */
export class Memo<T> {
  #value: Promise<T> | null = null

  get(compute: () => Promise<T>): Promise<T> {
    if (this.#value !== null) return this.#value
    const value = compute()
    this.#value = value
    value.catch(() => {
      if (this.#value === value) this.#value = null
    })
    return value
  }
}
