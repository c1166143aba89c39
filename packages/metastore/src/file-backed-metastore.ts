import { type ObjectStore, StorageError, type StoreResolver } from '@volley/storage'
import { type DocMappingJson, type IndexMetadata, indexFromJson } from './index-metadata.ts'
import { IndexPatterns, checkIndexId } from './index-patterns.ts'
import { type JsonObject, parseJson, stringifyJson } from './json.ts'
import { MetastoreError } from './metastore-error.ts'
import { parseMetastoreUri } from './metastore-uri.ts'
import { type TagFilter, type TimeRange, tagsMayMatch, timeMayMatch } from './pruning.ts'
import { type CheckpointDelta, applyCheckpointDelta } from './checkpoint.ts'
import { type SplitMetadata, type SplitState, checkVersion, splitFromJson, splitToJson } from './split-metadata.ts'
import { newUlid } from './ulid.ts'

export interface ListSplitsQuery {
  /** `<index id>:<ULID>`; an index made again since then is not found. */
  readonly indexUid?: string
  readonly indexId?: string
  /** Only splits in one of these states: `Published` when absent. */
  readonly states?: readonly SplitState[]
  readonly timeRange?: TimeRange
  readonly tags?: TagFilter
}

export interface CreateIndexRequest {
  readonly indexId: string
  /** Where splits go: `<metastore root>/<index id>` when absent. */
  readonly indexUri?: string
  readonly docMapping: DocMappingJson
  readonly defaultSearchFields?: readonly string[]
  /** Further keys of `index_config`, such as `indexing_settings` and `retention`. */
  readonly config?: JsonObject
}

export interface FileBackedMetastoreOptions {
  /** How long a file is used without looking again, for stores that cannot tell whether it changed. */
  readonly pollingIntervalMs?: number | null
  /** Seconds since the epoch, for what is written. */
  readonly now?: () => number
}

/** One index's file, parsed. */
interface IndexFile {
  /** What it has beside version, index and splits. */
  readonly rest: JsonObject
  readonly index: IndexMetadata
  readonly splits: readonly SplitMetadata[]
}

interface Cached<T> {
  readonly version: string | null
  readonly readAt: number
  readonly value: T
}

/**
 * Quickwit's metastore in files (formats/quickwit-metastore.md §2). Reads look whether a file changed and read it again
 * only then, so each call sees what other processes published. Each write replaces a whole file; nothing locks it, so
 * only one process may write to a metastore.
 */
export class FileBackedMetastore {
  readonly #store: ObjectStore
  readonly #options: FileBackedMetastoreOptions
  readonly #files: Map<string, Cached<IndexFile>> = new Map()
  #manifest: (Cached<Manifest> & { readonly file: string }) | null = null
  readonly #writes: Map<string, Promise<unknown>> = new Map()

  constructor(store: ObjectStore, options: FileBackedMetastoreOptions = {}) {
    this.#store = store
    this.#options = options
  }

  /** Opens the metastore of a URI such as `file:///data/indexes#polling_interval=30s`. Nothing is read yet. */
  static open(uri: string, resolver: StoreResolver): FileBackedMetastore {
    const parsed = parseMetastoreUri(uri)
    try {
      return new FileBackedMetastore(resolver.resolve(parsed.uri), { pollingIntervalMs: parsed.pollingIntervalMs })
    } catch (error) {
      throw error instanceof StorageError ? new MetastoreError('invalid', error.message, error) : error
    }
  }

  /** The root, without secrets. */
  get uri(): string {
    return this.#store.uri
  }

  /** Ids of the active indexes that the manifest lists, sorted. */
  async listIndexIds(pattern: string | readonly string[] = '*'): Promise<string[]> {
    const patterns = new IndexPatterns(pattern)
    const { states } = await this.#readManifest()
    return [...states]
      .filter(([id, state]) => state === 'active' && patterns.matches(id))
      .map(([id]) => id)
      .sort()
  }

  /** The active indexes that the manifest lists and the pattern matches, by id. */
  async listIndexes(pattern: string | readonly string[] = '*'): Promise<IndexMetadata[]> {
    const ids = await this.listIndexIds(pattern)
    return Promise.all(ids.map(async (id) => (await this.#readIndex(id)).index))
  }

  /**
   * An index by its id, also one that the manifest does not list.
   *
   * @throws MetastoreError `not_found`, also while the index is being created or deleted.
   */
  async indexMetadata(indexId: string): Promise<IndexMetadata> {
    return (await this.#openIndex(indexId)).index
  }

  /** The splits of an index that can hold what is asked for. */
  async listSplits(query: ListSplitsQuery): Promise<SplitMetadata[]> {
    return (await this.snapshot(query)).splits
  }

  /** An index and its splits from one reading of its file. */
  async snapshot(query: ListSplitsQuery): Promise<{ index: IndexMetadata; splits: SplitMetadata[] }> {
    const { indexUid, states = ['Published'], timeRange, tags } = query
    const indexId = query.indexId ?? indexUid?.split(':')[0]
    if (indexId === undefined) throw new MetastoreError('invalid', 'listing splits needs an index id or uid')
    const file = await this.#openIndex(indexId)
    checkUid(file.index, indexUid)
    const splits = file.splits.filter(
      (split) =>
        states.includes(split.state) &&
        (timeRange === undefined || timeMayMatch(split, timeRange)) &&
        (tags === undefined || tagsMayMatch(tags, new Set(split.tags))),
    )
    return { index: file.index, splits }
  }

  /** Makes an index: its state is `creating` in the manifest until its file is there. */
  async createIndex(request: CreateIndexRequest): Promise<IndexMetadata> {
    const indexId = checkIndexId(request.indexId)
    return this.#exclusively('', async () => {
      const manifest = await this.#readManifest(true)
      if (manifest.states.has(indexId)) {
        throw new MetastoreError('already_exists', `index ${indexId} exists already (${manifest.states.get(indexId)})`)
      }
      if ((await this.#readText(indexPath(indexId))) !== null) {
        throw new MetastoreError(
          'already_exists',
          `${this.uri} holds a file of index ${indexId} that its manifest does not know`,
        )
      }
      const now = this.#now()
      const raw: JsonObject = {
        version: '0.9',
        index_uid: `${indexId}:${newUlid()}`,
        index_config: indexConfig(request, this.uri),
        checkpoint: {},
        create_timestamp: now,
        sources: [],
      }
      const index = indexFromJson(raw, indexId)
      await this.#writeManifest(manifest, indexId, 'creating')
      await this.#write(indexPath(indexId), { version: '0.9', index: raw, splits: [], delete_tasks: [] })
      await this.#writeManifest(manifest, indexId, 'active')
      return index
    })
  }

  /** Forgets an index, and answers the splits that it had: their files are the caller's to delete. */
  async deleteIndex(indexId: string): Promise<SplitMetadata[]> {
    return this.#exclusively('', async () => {
      const manifest = await this.#readManifest(true)
      if (!manifest.states.has(indexId)) throw notFound(indexId, this.uri)
      const text = await this.#readText(indexPath(indexId))
      const splits = text === null ? [] : this.#parseIndex(indexId, text).splits
      await this.#writeManifest(manifest, indexId, 'deleting')
      await this.#storage(this.#store.delete(indexPath(indexId)))
      this.#files.delete(indexId)
      await this.#writeManifest(manifest, indexId, null)
      return [...splits]
    })
  }

  /**
   * Records splits as `Staged`, before their files are uploaded; one that is staged already is replaced.
   *
   * @throws MetastoreError `failed_precondition` when one was published or marked for deletion.
   */
  async stageSplits(indexUid: string, splits: readonly SplitMetadata[]): Promise<void> {
    await this.#change(indexUid, (byId, now) => {
      for (const split of splits) {
        const known = byId.get(split.splitId)
        if (known && known.state !== 'Staged') {
          throw new MetastoreError(
            'failed_precondition',
            `split ${split.splitId} cannot be staged: it is ${known.state}`,
          )
        }
        byId.set(split.splitId, {
          ...split,
          indexUid,
          state: 'Staged',
          createTimestamp: now,
          updateTimestamp: now,
          publishTimestamp: null,
        })
      }
    })
  }

  /**
   * Publishes staged splits and marks those that they replace for deletion, in one write.
   *
   * @throws MetastoreError `not_found` for unknown ids, `failed_precondition` when a staged split is not `Staged`, a
   * replaced one not `Published`, or the checkpoint has passed the delta's start.
   */
  async publishSplits(
    indexUid: string,
    stagedIds: readonly string[],
    replacedIds: readonly string[] = [],
    delta?: CheckpointDelta,
  ): Promise<void> {
    await this.#change(indexUid, (byId, now, index) => {
      if (delta) applyCheckpointDelta(index, delta)
      const move = (id: string, from: SplitState, to: Partial<SplitMetadata>): void => {
        const split = byId.get(id)
        if (split === undefined) throw new MetastoreError('not_found', `split ${id} is not in index ${indexUid}`)
        if (split.state !== from) {
          throw new MetastoreError('failed_precondition', `split ${id} is ${split.state}, not ${from}`)
        }
        byId.set(id, { ...split, updateTimestamp: now, ...to })
      }
      for (const id of stagedIds) move(id, 'Staged', { state: 'Published', publishTimestamp: now })
      for (const id of replacedIds) move(id, 'Published', { state: 'MarkedForDeletion' })
    })
  }

  /** Marks splits for deletion; unknown ids are ignored. */
  async markSplitsForDeletion(indexUid: string, ids: readonly string[]): Promise<void> {
    await this.#change(indexUid, (byId, now) => {
      for (const id of ids) {
        const split = byId.get(id)
        if (split && split.state !== 'MarkedForDeletion') {
          byId.set(id, { ...split, state: 'MarkedForDeletion', updateTimestamp: now })
        }
      }
    })
  }

  /**
   * Forgets splits that are marked for deletion; unknown ids are ignored.
   *
   * @throws MetastoreError `failed_precondition` when one is not marked.
   */
  async deleteSplits(indexUid: string, ids: readonly string[]): Promise<void> {
    await this.#change(indexUid, (byId) => {
      for (const id of ids) {
        const split = byId.get(id)
        if (split && split.state !== 'MarkedForDeletion') {
          throw new MetastoreError('failed_precondition', `split ${id} is ${split.state}; mark it for deletion first`)
        }
        byId.delete(id)
      }
    })
  }

  #now(): number {
    return this.#options.now?.() ?? Math.floor(Date.now() / 1000)
  }

  async #openIndex(indexId: string): Promise<IndexFile> {
    checkIndexId(indexId)
    const manifest = await this.#readManifest(true)
    const state = manifest.states.get(indexId)
    if (state === 'creating' || state === 'deleting') {
      throw new MetastoreError(
        'not_found',
        `index ${indexId} of ${this.uri} is ${state === 'creating' ? 'being created' : 'being deleted'}`,
      )
    }
    return this.#readIndex(indexId, manifest)
  }

  async #readIndex(indexId: string, manifest?: Manifest): Promise<IndexFile> {
    const path = indexPath(indexId)
    const cached = this.#files.get(indexId)
    const version = await this.#version(path, cached)
    if (cached && version === cached.version && version !== undefined) return cached.value
    const text = await this.#readText(path)
    if (text === null) {
      this.#files.delete(indexId)
      if (manifest?.missing) throw await this.#noMetastore()
      throw notFound(indexId, this.uri, manifest && [...manifest.states.keys()])
    }
    const value = this.#parseIndex(indexId, text)
    this.#files.set(indexId, { version: version ?? null, readAt: Date.now(), value })
    return value
  }

  #parseIndex(indexId: string, text: string): IndexFile {
    const where = `${this.uri.replace(/\/$/, '')}/${indexPath(indexId)}`
    const raw = asObject(parseJson(text, where), where)
    checkVersion(raw.version, where)
    const index = indexFromJson(asObject(raw.index, `${where}: index`), where)
    if (index.indexId !== indexId) {
      throw new MetastoreError(
        'corrupted',
        `${where}: the file is that of index ${index.indexId}, not of its directory's`,
      )
    }
    const { version: _version, index: _index, splits = [], ...rest } = raw
    const listed = Array.isArray(splits) ? splits : []
    return {
      rest,
      index,
      splits: listed.map((split) => splitFromJson(asObject(split, `${where}: split`), where)),
    }
  }

  /**
   * The version of a file by which a cached reading is current: undefined when it must be read again (nothing cached,
   * or the store cannot tell and the polling interval is over).
   */
  async #version(path: string, cached: Cached<unknown> | null | undefined): Promise<string | null | undefined> {
    let version: string | null = null
    try {
      version = (await this.#store.version?.(path)) ?? null
    } catch (error) {
      if (!(error instanceof StorageError && error.kind === 'not_found')) throw wrapped(error)
    }
    if (version !== null) return version
    const age = cached ? Date.now() - cached.readAt : Infinity
    return age < (this.#options.pollingIntervalMs ?? 0) ? null : undefined
  }

  async #readManifest(mayBeMissing = false): Promise<Manifest> {
    for (const file of ['manifest.json', 'indexes_states.json']) {
      const cached = this.#manifest?.file === file ? this.#manifest : null
      const version = await this.#version(file, cached)
      if (cached && version !== undefined && version === cached.version) return cached.value
      const text = await this.#readText(file)
      if (text === null) continue
      const value = parseManifest(text, file, `${this.uri.replace(/\/$/, '')}/${file}`)
      this.#manifest = { file, version: version ?? null, readAt: Date.now(), value }
      return value
    }
    this.#manifest = null
    if (!mayBeMissing) throw await this.#noMetastore()
    return { raw: { version: '0.9', indexes: {}, templates: [] }, states: new Map(), missing: true }
  }

  /** The error for a root without manifest, with what its neighbourhood suggests. */
  async #noMetastore(): Promise<MetastoreError> {
    const holds = async (path: string): Promise<boolean> => (await this.#readText(path).catch(() => null)) !== null
    const advice = (await holds('metastore.json'))
      ? 'this is the directory of one index: give its parent'
      : (await holds('indexes/manifest.json'))
        ? `give ${this.uri.replace(/\/$/, '')}/indexes`
        : 'give the URI of the directory that holds manifest.json'
    return new MetastoreError('not_found', `no metastore at ${this.uri}: there is no manifest.json; ${advice}`)
  }

  async #writeManifest(manifest: Manifest, indexId: string, state: string | null): Promise<void> {
    if (state === null) manifest.states.delete(indexId)
    else manifest.states.set(indexId, state)
    const indexes = Object.fromEntries([...manifest.states].sort(([a], [b]) => (a < b ? -1 : 1)))
    this.#manifest = null
    await this.#write('manifest.json', { ...manifest.raw, version: '0.9', indexes })
  }

  async #change(
    indexUid: string,
    change: (byId: Map<string, SplitMetadata>, now: number, index: JsonObject) => void,
  ): Promise<void> {
    const indexId = indexUid.split(':')[0]!
    await this.#exclusively(indexId, async () => {
      const { rest, index, splits } = await this.#openIndex(indexId)
      checkUid(index, indexUid)
      const indexJson = structuredClone(index.raw)
      const byId = new Map(splits.map((split) => [split.splitId, split]))
      change(byId, this.#now(), indexJson)
      const sorted = [...byId.values()].sort((a, b) => a.updateTimestamp - b.updateTimestamp)
      this.#files.delete(indexId)
      await this.#write(indexPath(indexId), {
        version: '0.9',
        index: indexJson,
        splits: sorted.map(splitToJson),
        ...rest,
      })
    })
  }

  async #write(path: string, json: JsonObject): Promise<void> {
    await this.#storage(this.#store.put(path, new TextEncoder().encode(stringifyJson(json))))
  }

  async #readText(path: string): Promise<string | null> {
    try {
      return new TextDecoder().decode(await this.#store.get(path))
    } catch (error) {
      if (error instanceof StorageError && error.kind === 'not_found') return null
      throw wrapped(error)
    }
  }

  async #storage<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw wrapped(error)
    }
  }

  /** Runs the writes of one index, or of the manifest (''), one after another. */
  async #exclusively<T>(key: string, write: () => Promise<T>): Promise<T> {
    const before = this.#writes.get(key) ?? Promise.resolve()
    const mine = before.then(write, write)
    const settled = mine.catch(() => undefined)
    this.#writes.set(key, settled)
    try {
      return await mine
    } finally {
      if (this.#writes.get(key) === settled) this.#writes.delete(key)
    }
  }
}

interface Manifest {
  readonly raw: JsonObject
  /** `creating`, `active` or `deleting` by index id. */
  readonly states: Map<string, string>
  readonly missing?: boolean
}

const LEGACY_STATES: Record<string, string> = { Creating: 'creating', Alive: 'active', Deleting: 'deleting' }

function parseManifest(text: string, file: string, where: string): Manifest {
  const json = asObject(parseJson(text, where), where)
  if (file === 'indexes_states.json') {
    const states = Object.entries(json).map(([id, state]): [string, string] => {
      const known = LEGACY_STATES[String(state)]
      if (known === undefined)
        throw new MetastoreError('corrupted', `${where}: index ${id} has the state ${String(state)}`)
      return [id, known]
    })
    return { raw: { version: '0.9', indexes: {}, templates: [] }, states: new Map(states) }
  }
  checkVersion(json.version, where)
  const states = Object.entries(asObject(json.indexes ?? {}, `${where}: indexes`)).map(
    ([id, state]): [string, string] => {
      if (state !== 'creating' && state !== 'active' && state !== 'deleting') {
        throw new MetastoreError('corrupted', `${where}: index ${id} has the state ${String(state)}`)
      }
      return [id, state]
    },
  )
  return { raw: json, states: new Map(states) }
}

function indexPath(indexId: string): string {
  return `${indexId}/metastore.json`
}

function indexConfig(request: CreateIndexRequest, root: string): JsonObject {
  return {
    indexing_settings: {
      commit_timeout_secs: 60,
      docstore_compression_level: 8,
      docstore_blocksize: 1_000_000,
      split_num_docs_target: 10_000_000,
      merge_policy: { type: 'no_merge' },
      resources: { heap_size: 2_000_000_000 },
    },
    ingest_settings: { min_shards: 1 },
    retention: null,
    ...request.config,
    version: '0.9',
    index_id: request.indexId,
    index_uri: request.indexUri ?? `${root.replace(/\/$/, '')}/${request.indexId}`,
    doc_mapping: { doc_mapping_uid: newUlid(), ...request.docMapping } as unknown as JsonObject,
    search_settings: { default_search_fields: [...(request.defaultSearchFields ?? [])] },
  }
}

function checkUid(index: IndexMetadata, indexUid: string | undefined): void {
  if (indexUid !== undefined && indexUid.includes(':') && indexUid !== index.indexUid) {
    throw new MetastoreError('not_found', `index ${indexUid} is gone; there is ${index.indexUid} now`)
  }
}

function notFound(indexId: string, uri: string, known: readonly string[] = []): MetastoreError {
  const some = known.slice(0, 5).join(', ')
  const there = known.length === 0 ? '' : `; it has ${some}${known.length > 5 ? ' and others' : ''}`
  return new MetastoreError('not_found', `index ${indexId} is not in the metastore ${uri}${there}`)
}

function asObject(value: unknown, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new MetastoreError('corrupted', `${where} is no JSON object`)
}

function wrapped(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error
  const kind = error.kind === 'not_found' || error.kind === 'forbidden' ? error.kind : 'unavailable'
  return new MetastoreError(kind, error.message, error)
}
