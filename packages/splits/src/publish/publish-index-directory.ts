import type { DocMappingJson, FileBackedMetastore, IndexMetadata, SplitMetadata } from '@volley/metastore'
import { MetastoreError } from '@volley/metastore'
import type { StoreResolver } from '@volley/storage'
import { MemoryDirectory, openIndex } from '@volley/tantivy'
import { DocMapping } from '../mapping/doc-mapping.ts'
import { mappingOfSchema, type SchemaMappingOptions } from '../mapping/schema-mapping.ts'
import type { ZstdDecompress } from '../opener/split-index-opener.ts'
import { publishSplit } from './publish-split.ts'
import { writeSplit } from './write-split.ts'

export interface PublishIndexDirectoryOptions extends SchemaMappingOptions {
  readonly metastore: FileBackedMetastore
  readonly resolver: StoreResolver
  readonly indexId: string
  /** Files of a tantivy index directory by name. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Instead of the mapping that the schema tells. */
  readonly docMapping?: DocMappingJson
  readonly defaultSearchFields?: readonly string[]
  readonly zstdDecompress?: ZstdDecompress
}

/**
 * Publishes a tantivy index directory, with all its segments, as one split of an index of the metastore, which is made when
 * it is not there yet, its mapping derived from the schema.
 */
export async function publishIndexDirectory(
  options: PublishIndexDirectoryOptions,
): Promise<{ readonly index: IndexMetadata; readonly split: SplitMetadata }> {
  const { metastore, resolver, indexId, files, zstdDecompress } = options
  const zstd = zstdDecompress ? { zstdDecompress } : {}
  const { schema } = await openIndex(new MemoryDirectory(files), zstd)
  const index = await metastore.indexMetadata(indexId).catch(async (error: unknown) => {
    if (!(error instanceof MetastoreError && error.kind === 'not_found')) throw error
    return metastore.createIndex({
      indexId,
      docMapping: options.docMapping ?? mappingOfSchema(schema, options),
      ...(options.defaultSearchFields && { defaultSearchFields: options.defaultSearchFields }),
    })
  })
  const split = await writeSplit({
    files,
    mapping: DocMapping.fromJson(index.docMapping),
    indexUid: index.indexUid,
    ...zstd,
  })
  await publishSplit(metastore, resolver.resolve(index.indexUri), split)
  return { index, split: split.metadata }
}
