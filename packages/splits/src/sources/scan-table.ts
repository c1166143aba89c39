import type { Slice } from '@volley/planner'
import type { Layout } from '../layout/layout.ts'
import type { DocMapping } from '../mapping/doc-mapping.ts'

/** One index that a scan reads: its current doc mapping, and the JSON it came from (what goes over the wire). */
export interface ScannedIndex {
  readonly indexId: string
  readonly mapping: DocMapping
  readonly mappingJson: string
}

/** What the sources of one scan share: the indexes (several behind an index pattern) and the documents' layout. */
export class ScanTable {
  readonly name: string
  readonly indexes: readonly ScannedIndex[]
  readonly layout: Layout
  /** Splits of the snapshot that were found to have no row of the query. */
  readonly pruned: number
  readonly #byId: ReadonlyMap<string, ScannedIndex>
  readonly #shares = new WeakMap<ReadonlySet<string> | Slice, ScanTable>()

  constructor(name: string, indexes: readonly ScannedIndex[], layout: Layout, pruned: number = 0) {
    this.name = name
    this.indexes = indexes
    this.layout = layout
    this.pruned = pruned
    this.#byId = new Map(indexes.map((index) => [index.indexId, index]))
  }

  index(indexId: string): ScannedIndex {
    return this.#byId.get(indexId)!
  }

  /** A task's share; all sources of a task that ask with one set get one table. */
  forTask(splitIds: ReadonlySet<string>): ScanTable {
    return this.#share(splitIds, () => this.layout.forTask(splitIds))
  }

  /** An even part of every segment; all sources of a task that ask with one slice get one table. */
  forSlice(slice: Slice): ScanTable {
    return this.#share(slice, () => this.layout.forSlice(slice))
  }

  #share(by: ReadonlySet<string> | Slice, layout: () => Layout): ScanTable {
    let share = this.#shares.get(by)
    if (share === undefined) {
      share = new ScanTable(this.name, this.indexes, layout(), this.pruned)
      this.#shares.set(by, share)
    }
    return share
  }
}
