import { FileBackedMetastore, type SplitMetadata } from '@volley/metastore'
import { DocMapping, SplitIndexOpener, type SplitIndex, type SplitRef } from '@volley/splits'
import { HttpStore, StoreResolver } from '@volley/storage'
import { NotingStore, type Read } from './reads.ts'

/** An index of the metastore: its mapping, and the splits that it is made of. */
export interface OpenIndex {
  readonly indexId: string
  readonly mapping: DocMapping
  readonly splits: readonly SplitRef[]
}

/**
 * A Quickwit metastore and its splits behind a web server that answers range requests. Where the metastore says that an
 * index lies does not matter: it is looked for beside the metastore.
 */
export class Library {
  readonly metastore: FileBackedMetastore
  readonly opener: SplitIndexOpener
  /** Every read of a split so far. */
  readonly reads: Read[] = []

  constructor(baseUrl: string) {
    const under = (indexUri: string): string => `${baseUrl}/${indexUri.replace(/\/+$/, '').split('/').at(-1)!}`
    const resolver = new StoreResolver()
    for (const scheme of ['file', 's3', 'gs', 'azure']) resolver.register(scheme, (uri) => new HttpStore(under(uri)))
    this.metastore = new FileBackedMetastore(new HttpStore(baseUrl))
    this.opener = new SplitIndexOpener({ resolver, wrapStore: (store) => new NotingStore(store, this.reads) })
  }

  async indexes(): Promise<OpenIndex[]> {
    const indexes = await this.metastore.listIndexes()
    return Promise.all(
      indexes.map(async ({ indexId, indexUri, docMapping, searchSettings }) => ({
        indexId,
        mapping: DocMapping.fromJson(docMapping, searchSettings),
        splits: (await this.metastore.listSplits({ indexId }))
          .map((split) => splitRef(indexId, indexUri, split))
          .sort((a, b) => (a.timeRange?.start ?? 0) - (b.timeRange?.start ?? 0)),
      })),
    )
  }

  /** Opens a split, once: its footer and hotcache in one request. */
  open(split: SplitRef, signal?: AbortSignal): Promise<SplitIndex> {
    return this.opener.open(split, signal)
  }
}

function splitRef(indexId: string, indexUri: string, split: SplitMetadata): SplitRef {
  const { splitId, footerStart, footerEnd, numDocs, docMappingUid, timeRange } = split
  return { indexId, indexUri, splitId, footerStart, footerEnd, numDocs, docMappingUid, timeRange }
}
