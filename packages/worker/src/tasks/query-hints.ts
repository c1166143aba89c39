import type { HintBoard } from '@volley/core'

/** Is told what a task of a query has published. */
export type HintListener = (query: string, key: string, value: Uint8Array) => void

/** Bytes of a value, and values of a query, that are taken: hints are bounds, not data. */
const MOST_BYTES = 4096
const MOST_KEYS = 1024

/** The hints of one query, of its tasks here and elsewhere. */
export class QueryHints implements HintBoard {
  readonly #values = new Map<string, Uint8Array>()
  readonly #tell: (key: string, value: Uint8Array) => void

  /** `tell` is called for what is published here and was not known. */
  constructor(tell: (key: string, value: Uint8Array) => void) {
    this.#tell = tell
  }

  least(key: string): Uint8Array | null {
    return this.#values.get(key) ?? null
  }

  publish(key: string, value: Uint8Array): void {
    if (this.receive(key, value)) this.#tell(key, value)
  }

  /** Takes what another task has published; false when it is no news. */
  receive(key: string, value: Uint8Array): boolean {
    const known = this.#values.get(key)
    if (value.length > MOST_BYTES || (known === undefined && this.#values.size === MOST_KEYS)) return false
    if (known !== undefined && compareBytes(value, known) >= 0) return false
    this.#values.set(key, value)
    return true
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** Who wants to hear of hints. */
export class HintListeners {
  readonly #listeners = new Set<HintListener>()

  /** Gives what ends it. */
  add(listener: HintListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(query: string, key: string, value: Uint8Array): void {
    for (const listener of this.#listeners) listener(query, key, value)
  }
}
