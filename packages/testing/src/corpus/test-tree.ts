import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { FileBackedMetastore } from '@volley/metastore'
import { mappingSchema, mappingTokenizers, publishIndexDirectory, publishSplit, writeSplit } from '@volley/splits'
import type { StoreResolver } from '@volley/storage'
import { nodeStoreResolver } from '@volley/storage/node'
import { deleteDocuments, SegmentWriter, writeIndex, type WrittenSegment } from '@volley/tantivy'
import type { Corpus, PlacedDocument } from './corpus.ts'
import { inputOf } from './sample-document.ts'
import { sampleMappings, type MappingAge } from './sample-mapping.ts'

export interface PublishedSplit {
  readonly splitId: string
  /** The documents of each segment, at their doc ids, deleted ones included. */
  readonly segments: readonly (readonly PlacedDocument[])[]
  readonly path: string
}

/** A metastore in a temporary folder, and indexes that tests write into it. */
export class TestTree {
  readonly root: string
  readonly #resolver: StoreResolver = nodeStoreResolver()
  readonly #metastore: FileBackedMetastore
  #indexes = 0

  private constructor() {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-test-'))
    this.#metastore = FileBackedMetastore.open(this.uri, this.#resolver)
  }

  /** Makes a metastore with one index, `empty`, which has no split. */
  static async create(): Promise<TestTree> {
    const tree = new TestTree()
    const { json, defaultSearchFields } = sampleMappings.current
    await tree.#metastore.createIndex({ indexId: 'empty', docMapping: json, defaultSearchFields })
    return tree
  }

  /** URI of the metastore. */
  get uri(): string {
    return pathToFileURL(path.join(this.root, 'indexes')).href
  }

  /** Writes the documents as splits of a new index and gives its id. */
  async publish(corpus: Corpus): Promise<{ readonly indexId: string; readonly splits: readonly PublishedSplit[] }> {
    const indexId = `sample-${++this.#indexes}`
    const { json, defaultSearchFields } = sampleMappings.current
    const index = await this.#metastore.createIndex({ indexId, docMapping: json, defaultSearchFields })
    const store = this.#resolver.resolve(index.indexUri)
    const splits: PublishedSplit[] = []
    const bySplit = [...groupedBy(corpus.placed, (placed) => placed.split)].sort(([a], [b]) => a - b)
    for (const [split, placed] of bySplit) {
      const age = corpus.ages[split] ?? 'current'
      const segments = [...groupedBy(placed, (each) => each.segment)].sort(([a], [b]) => a - b).map(([, each]) => each)
      const written = segments.map((each) => writeSegment(each, age))
      const files = writeIndex(written, mappingSchema(sampleMappings[age]))
      const bundle = await writeSplit({ files, mapping: sampleMappings[age], indexUid: index.indexUid })
      await publishSplit(this.#metastore, store, bundle)
      const { splitId } = bundle.metadata
      splits.push({
        splitId,
        segments,
        path: path.join(this.root, 'indexes', indexId, `${splitId}.split`),
      })
    }
    return { indexId, splits }
  }

  /** Publishes a folder with the files of a tantivy index as one split of an index of that id. */
  async publishFolder(indexId: string, folder: string, timestampField?: string): Promise<void> {
    const names = fs.readdirSync(folder)
    await publishIndexDirectory({
      metastore: this.#metastore,
      resolver: this.#resolver,
      indexId,
      files: new Map(names.map((name) => [name, new Uint8Array(fs.readFileSync(path.join(folder, name)))])),
      ...(timestampField === undefined ? {} : { timestampField }),
    })
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true })
  }
}

function writeSegment(placed: readonly PlacedDocument[], age: MappingAge): WrittenSegment {
  const mapping = sampleMappings[age]
  const writer = new SegmentWriter(mappingSchema(mapping), { tokenizers: mappingTokenizers(mapping) })
  for (const { document } of placed) writer.add(inputOf(document, age))
  const dead = placed.flatMap(({ deleted }, doc) => (deleted ? [doc] : []))
  const segment = writer.finish()
  return dead.length === 0 ? segment : deleteDocuments(segment, dead, 1)
}

function groupedBy<T>(items: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
