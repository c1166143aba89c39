import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { FileBackedMetastore } from '@volley/metastore'
import {
  mappingSchema,
  mappingTokenizers,
  publishIndexDirectory,
  publishSplit,
  writeSplit,
  type DocMapping,
} from '@volley/splits'
import type { StoreResolver } from '@volley/storage'
import { nodeStoreResolver } from '@volley/storage/node'
import { deleteDocuments, SegmentWriter, writeIndex, type InputDocument, type WrittenSegment } from '@volley/tantivy'
import type { Corpus, PlacedDocument } from './corpus.ts'
import { inputOf } from './sample-document.ts'
import { sampleMappings } from './sample-mapping.ts'

export interface PublishedSplit {
  readonly splitId: string
  /** The documents of each segment, at their doc ids, deleted ones included. */
  readonly segments: readonly (readonly PlacedDocument[])[]
  readonly path: string
}

/** A document for a split, deleted after it was written or not. */
export interface MappedDocument {
  readonly input: InputDocument
  readonly deleted: boolean
}

/** A split to be written: the mapping it has, and the documents of each segment. */
export interface MappedSplit {
  readonly mapping: DocMapping
  readonly segments: readonly (readonly MappedDocument[])[]
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
    const bySplit = [...groupedBy(corpus.placed, (placed) => placed.split)].sort(([a], [b]) => a - b)
    const placed = bySplit.map(([split, documents]) => ({
      age: corpus.ages[split] ?? ('current' as const),
      segments: [...groupedBy(documents, (each) => each.segment)].sort(([a], [b]) => a - b).map(([, each]) => each),
    }))
    const { indexId, splitIds } = await this.publishMapped(
      sampleMappings.current,
      placed.map(({ age, segments }) => ({
        mapping: sampleMappings[age],
        segments: segments.map((each) =>
          each.map(({ document, deleted }) => ({ input: inputOf(document, age), deleted })),
        ),
      })),
    )
    const splits = splitIds.map((splitId, i) => ({
      splitId,
      segments: placed[i]!.segments,
      path: path.join(this.root, 'indexes', indexId, `${splitId}.split`),
    }))
    return { indexId, splits }
  }

  /** Writes splits, each by a mapping of its own, of a new index, and gives its id. */
  async publishMapped(
    mapping: DocMapping,
    splits: readonly MappedSplit[],
    indexId: string = `sample-${++this.#indexes}`,
  ): Promise<{ readonly indexId: string; readonly splitIds: readonly string[] }> {
    const { json, defaultSearchFields } = mapping
    const index = await this.#metastore.createIndex({ indexId, docMapping: json, defaultSearchFields })
    const store = this.#resolver.resolve(index.indexUri)
    const splitIds: string[] = []
    for (const split of splits) {
      const written = split.segments.map((documents) => writeSegment(documents, split.mapping))
      const files = writeIndex(written, mappingSchema(split.mapping))
      const bundle = await writeSplit({ files, mapping: split.mapping, indexUid: index.indexUid })
      await publishSplit(this.#metastore, store, bundle)
      splitIds.push(bundle.metadata.splitId)
    }
    return { indexId, splitIds }
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

function writeSegment(documents: readonly MappedDocument[], mapping: DocMapping): WrittenSegment {
  const writer = new SegmentWriter(mappingSchema(mapping), { tokenizers: mappingTokenizers(mapping) })
  for (const { input } of documents) writer.add(input)
  const dead = documents.flatMap(({ deleted }, doc) => (deleted ? [doc] : []))
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
