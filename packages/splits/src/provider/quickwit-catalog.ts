import { SqlState, VolleyError } from '@volley/core'
import { isIndexPattern, MetastoreError, type FileBackedMetastore, type IndexMetadata } from '@volley/metastore'
import type { Catalog, TableProvider } from '@volley/planner'
import { layoutHash } from '../layout/layout-hash.ts'
import type { SplitRef } from '../layout/layout.ts'
import type { ScannedIndex } from '../sources/scan-table.ts'
import { QuickwitTableProvider, type TableSnapshot } from './quickwit-table-provider.ts'
import { scannedIndex } from './scanned-index.ts'
import { SourceTableProvider, sourceFunctions } from './source-table-provider.ts'

/**
 * The indexes of a metastore as tables, for one statement: each index is listed once, whatever a query reads of it. A name
 * with `*` (or a comma list) is a pattern over index ids and is one table. An index's table is the same object as long as
 * the metastore says the same of it.
 */
export class QuickwitCatalog implements Catalog {
  readonly #metastore: FileBackedMetastore
  readonly #indexes = new Map<string, Promise<IndexSnapshot>>()

  constructor(metastore: FileBackedMetastore) {
    this.#metastore = metastore
  }

  async table(name: string): Promise<TableProvider | null> {
    if (!isIndexPattern(name)) return (await this.#index(name))?.table ?? null
    const snapshot = await this.#snapshot(name)
    return snapshot === null ? null : once(snapshot, name, () => new QuickwitTableProvider(name, snapshot))
  }

  async tableFunction(
    name: string,
    args: readonly (string | number | bigint | boolean | null)[],
  ): Promise<TableProvider | null> {
    const source = sourceFunctions[name]
    if (source === undefined) return null
    const [table, ...rest] = args
    if (typeof table !== 'string' || rest.length !== source.args || !rest.every((arg) => typeof arg === 'string')) {
      const usage = `${name}('index'${source.args === 0 ? '' : ", 'query'"})`
      throw new VolleyError(`${name} is called as ${usage}`, { code: SqlState.invalidParameterValue })
    }
    const snapshot = await this.#snapshot(table)
    if (snapshot === null) {
      throw new VolleyError(`index "${table}" does not exist`, { code: SqlState.undefinedTable })
    }
    const query = (rest[0] as string | undefined) ?? null
    const key = JSON.stringify([name, table, query])
    return once(snapshot, key, () => new SourceTableProvider(name, table, snapshot, query))
  }

  async tableNames(): Promise<readonly string[]> {
    return wrapped(() => this.#metastore.listIndexIds())
  }

  async #snapshot(name: string): Promise<TableSnapshot | null> {
    if (!isIndexPattern(name)) return (await this.#index(name))?.table.snapshot ?? null
    const ids = await wrapped(() => this.#metastore.listIndexIds(name.split(',')))
    if (ids.length === 0) return null
    const parts = await Promise.all(ids.map((id) => this.#index(id)))
    const found = parts.filter((part) => part !== null)
    return found.length < parts.length ? null : joined(found)
  }

  async #index(indexId: string): Promise<IndexSnapshot | null> {
    let snapshot = this.#indexes.get(indexId)
    if (snapshot === undefined) this.#indexes.set(indexId, (snapshot = this.#list(indexId)))
    try {
      return await snapshot
    } catch (error) {
      if (error instanceof MetastoreError && error.kind === 'not_found') return null
      throw metastoreError(error)
    }
  }

  async #list(indexId: string): Promise<IndexSnapshot> {
    const known = listed.get(await this.#metastore.indexMetadata(indexId))
    if (known !== undefined) return known
    const { index, splits } = await this.#metastore.snapshot({ indexId })
    const { defaultSearchFields } = index.searchSettings
    const part = {
      index: scannedIndex(indexId, { docMapping: index.docMapping, defaultSearchFields }),
      splits: splits.map((split) => ({
        indexId,
        indexUri: index.indexUri,
        splitId: split.splitId,
        footerStart: split.footerStart,
        footerEnd: split.footerEnd,
        numDocs: split.numDocs,
        docMappingUid: split.docMappingUid,
        timeRange: split.timeRange,
        tags: split.tags,
      })),
    }
    const snapshot = { ...part, table: new QuickwitTableProvider(indexId, snapshotOf([part])) }
    listed.set(index, snapshot)
    return snapshot
  }
}

interface IndexPart {
  readonly index: ScannedIndex
  readonly splits: readonly SplitRef[]
}

interface IndexSnapshot extends IndexPart {
  readonly table: QuickwitTableProvider
}

/** By the metastore's reading of an index's file, which is another object when the file has changed. */
const listed = new WeakMap<IndexMetadata, IndexSnapshot>()

/** Tables of one snapshot by what they are called with, the last ones. */
const tables = new WeakMap<TableSnapshot, Map<string, TableProvider>>()
const REMEMBERED = 32

function once(snapshot: TableSnapshot, key: string, make: () => TableProvider): TableProvider {
  let known = tables.get(snapshot)
  if (known === undefined) tables.set(snapshot, (known = new Map()))
  const table = known.get(key) ?? make()
  known.delete(key)
  known.set(key, table)
  if (known.size > REMEMBERED) known.delete(known.keys().next().value!)
  return table
}

/** Snapshots of several indexes by the first of them. */
const patterns = new WeakMap<IndexSnapshot, { readonly parts: readonly IndexSnapshot[]; readonly all: TableSnapshot }>()

/** The snapshot of several indexes: the same object as long as the metastore says the same of all. */
function joined(parts: readonly IndexSnapshot[]): TableSnapshot {
  const known = patterns.get(parts[0]!)
  if (known?.parts.length === parts.length && known.parts.every((part, i) => part === parts[i])) return known.all
  const all = snapshotOf(parts)
  patterns.set(parts[0]!, { parts, all })
  return all
}

function snapshotOf(parts: readonly IndexPart[]): TableSnapshot {
  return {
    snapshotId: layoutHash(parts.flatMap((part) => [part.index.indexId, ...part.splits.map((split) => split.splitId)])),
    indexes: parts.map((part) => part.index),
    splits: parts.flatMap((part) => part.splits),
  }
}

async function wrapped<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw metastoreError(error)
  }
}

/** A metastore's failure as the error that a query ends with. */
function metastoreError(error: unknown): unknown {
  if (!(error instanceof MetastoreError)) return error
  const codes: Partial<Record<typeof error.kind, string>> = {
    not_found: SqlState.undefinedTable,
    corrupted: SqlState.dataCorrupted,
    invalid: SqlState.invalidParameterValue,
  }
  return new VolleyError(error.message, { code: codes[error.kind] ?? SqlState.ioError, cause: error })
}
