import { ServiceKey } from './task-context.ts'

/**
 * What the tasks of a query tell one another to save work, such as a bound that rows must reach. Of values under one key the
 * least by bytes counts. A value may come late, or never: no row may depend on it.
 */
export interface HintBoard {
  /** The least value that is known under a key; null while there is none. */
  least(key: string): Uint8Array | null
  publish(key: string, value: Uint8Array): void
}

/** Absent where a plan runs alone. */
export const hintBoard: ServiceKey<HintBoard> = new ServiceKey('hint board')
