import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FileBackedMetastore, type SplitMetadata } from '@volley/metastore'
import { nodeStoreResolver } from '@volley/storage/node'
import { prepare } from '@volley/tantivy'
import { DocMapping } from '../src/mapping/doc-mapping.ts'
import { type SplitIndex, SplitIndexOpener } from '../src/opener/split-index-opener.ts'
import { buildQuery } from '../src/query-language/build-query.ts'
import type { QueryAst } from '../src/query-language/query-ast.ts'
import type { SplitRef } from '../src/layout/layout.ts'

export const fixtures: string = fileURLToPath(new URL('../../../fixtures', import.meta.url))

/** Files of a folder by name. */
export function folderFiles(folder: string): Map<string, Uint8Array> {
  return new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(`${folder}/${name}`))]))
}

export function refOf(split: SplitMetadata, indexUri: string): SplitRef {
  return { ...split, indexId: split.indexUid.split(':')[0]!, indexUri }
}

/** Opens all published splits of a fixture's index, wherever its metastore says that they are. */
export async function openFixture(
  root: string,
  indexId: string,
): Promise<{ mapping: DocMapping; splits: SplitIndex[] }> {
  const uri = `file://${fixtures}/${root}`
  const resolver = nodeStoreResolver()
  const { index, splits } = await FileBackedMetastore.open(uri, resolver).snapshot({ indexId })
  const opener = new SplitIndexOpener({ resolver, allowedRoots: [uri] })
  return {
    mapping: DocMapping.fromJson(index.docMapping, index.searchSettings),
    splits: await Promise.all(splits.map((split) => opener.open(refOf(split, `${uri}/${indexId}`)))),
  }
}

/** Live documents that a query matches, by split and segment. */
export async function matches(
  ast: QueryAst,
  mapping: DocMapping,
  splits: readonly SplitIndex[],
): Promise<number[][][]> {
  return Promise.all(
    splits.map((split) =>
      Promise.all(
        split.index.segments.map(async (segment) => {
          const prepared = await prepare(buildQuery(ast, split, mapping), segment, { scoring: false })
          return [...prepared.docs(0, segment.maxDoc)].filter((doc) => segment.alive?.isAlive(doc) ?? true)
        }),
      ),
    ),
  )
}

export async function countOf(ast: QueryAst, mapping: DocMapping, splits: readonly SplitIndex[]): Promise<number> {
  return (await matches(ast, mapping, splits)).flat(2).length
}
