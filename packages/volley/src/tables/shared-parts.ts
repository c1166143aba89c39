import { ArrowChunk, internalError, ServiceKey } from '@volley/core'
import type { AskOwner } from '@volley/worker/thread'
import { readShared, type TablePart } from './table-part.ts'

/** What threads ask the coordinator's for: a part of a table. */
const QUESTION = 'table part'

interface Answer {
  readonly pieces: readonly SharedArrayBuffer[]
  /** Parts that are there still. */
  readonly live: readonly number[]
}

/** Gives the rows of a part by its id, in any thread. */
export interface PartReader {
  read(id: number): Promise<readonly ArrowChunk[]>
}

export const partReader: ServiceKey<PartReader> = new ServiceKey<PartReader>('reader of tables in memory')

/** The coordinator's side: parts that plans name, as long as something else holds them. */
export class SharedParts implements PartReader {
  readonly #parts = new Map<number, WeakRef<TablePart>>()

  /** Makes a part known to threads. */
  offer(part: TablePart): void {
    if (!this.#parts.has(part.id)) this.#parts.set(part.id, new WeakRef(part))
  }

  read(id: number): Promise<readonly ArrowChunk[]> {
    return Promise.resolve(this.#part(id).chunks)
  }

  /** Answers a thread's `askingPartReader`. */
  async answer(what: string, args: readonly unknown[]): Promise<Answer> {
    if (what !== QUESTION) throw internalError(`a thread asked for ${what}`)
    const pieces = this.#part(Number(args[0])).share()
    for (const [id, other] of this.#parts) if (other.deref() === undefined) this.#parts.delete(id)
    return { pieces, live: [...this.#parts.keys()] }
  }

  #part(id: number): TablePart {
    const part = this.#parts.get(id)?.deref()
    if (part === undefined) throw internalError(`part ${id} of a table is not there`)
    return part
  }
}

/** A thread's side: asks once for each part, and lets go of those that are no more. */
export function askingPartReader(ask: AskOwner): PartReader {
  const known = new Map<number, Promise<readonly ArrowChunk[]>>()
  const load = async (id: number): Promise<readonly ArrowChunk[]> => {
    const { pieces, live } = (await ask(QUESTION, id)) as Answer
    for (const [other, chunks] of known) {
      if (live.includes(other)) continue
      known.delete(other)
      for (const chunk of await chunks) chunk.drop()
    }
    return pieces.map((piece) => new ArrowChunk(readShared(piece)))
  }
  return {
    read(id) {
      let batches = known.get(id)
      if (batches === undefined) {
        known.set(id, (batches = load(id)))
        batches.catch(() => known.delete(id))
      }
      return batches
    },
  }
}
