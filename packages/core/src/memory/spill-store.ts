import { ServiceKey } from '../runtime/task-context.ts'

/** Where some bytes lie in a spill file. */
export interface SpillExtent {
  readonly offset: number
  /** Bytes as they are stored, compressed. */
  readonly length: number
}

/** A temporary file of one operator. */
export interface SpillFile {
  /** Compresses bytes and appends them; they are not touched before it resolves. Calls may overlap. */
  append(bytes: Uint8Array): Promise<SpillExtent>
  /** The bytes as they were appended. */
  read(extent: SpillExtent): Promise<Uint8Array>
  /** Any number of times; waits for what is being read or written. */
  delete(): Promise<void>
}

/** Where operators write what does not fit in memory. A runtime without one, such as a browser's, cannot spill. */
export interface SpillStore {
  create(): Promise<SpillFile>
}

/** Provided by runtimes that can spill. */
export const spillStore: ServiceKey<SpillStore> = new ServiceKey('spill store')
