import { SqlState, VolleyError } from '@volley/core'
import { isIndexPattern, MetastoreError, type FileBackedMetastore } from '@volley/metastore'
import type { Catalog, TableProvider } from '@volley/planner'
import { layoutHash } from '../layout/layout-hash.ts'
import type { SplitRef } from '../layout/layout.ts'
import type { ScannedIndex } from '../sources/scan-table.ts'
import { QuickwitTableProvider, type TableSnapshot } from './quickwit-table-provider.ts'
import { scannedIndex } from './scanned-index.ts'
import { SourceTableProvider, sourceFunctions } from './source-table-provider.ts'

/**
 * The indexes of a metastore as tables, for one statement: each index is listed once, whatever a query reads of it. A name
 * with `*` (or a comma list) is a pattern over index ids and is one table.
 */
export class QuickwitCatalog implements Catalog {
  readonly #metastore: FileBackedMetastore
  readonly #indexes = new Map<string, Promise<IndexSnapshot>>()

  constructor(metastore: FileBackedMetastore) {
    this.#metastore = metastore
  }

  async table(name: string): Promise<TableProvider | null> {
    const snapshot = await this.#snapshot(name)
    return snapshot === null ? null : new QuickwitTableProvider(name, snapshot)
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
    return new SourceTableProvider(name, table, snapshot, (rest[0] as string | undefined) ?? null)
  }

  async tableNames(): Promise<readonly string[]> {
    return wrapped(() => this.#metastore.listIndexIds())
  }

  async #snapshot(name: string): Promise<TableSnapshot | null> {
    const ids = isIndexPattern(name) ? await wrapped(() => this.#metastore.listIndexIds(name.split(','))) : [name]
    if (ids.length === 0) return null
    const parts = await Promise.all(ids.map((id) => this.#index(id)))
    const found = parts.filter((part) => part !== null)
    if (found.length < parts.length) return null
    return {
      snapshotId: layoutHash(
        found.flatMap((part) => [part.index.indexId, ...part.splits.map((split) => split.splitId)]),
      ),
      indexes: found.map((part) => part.index),
      splits: found.flatMap((part) => part.splits),
    }
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
    const { index, splits } = await this.#metastore.snapshot({ indexId })
    const { defaultSearchFields } = index.searchSettings
    return {
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
  }
}

interface IndexSnapshot {
  readonly index: ScannedIndex
  readonly splits: readonly SplitRef[]
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
