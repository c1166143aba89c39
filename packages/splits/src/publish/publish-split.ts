import type { FileBackedMetastore } from '@volley/metastore'
import type { ObjectStore } from '@volley/storage'
import type { WrittenSplit } from './write-split.ts'

/**
 * Publishes a split: staged in the metastore, uploaded, published (formats/quickwit-metastore.md §7). When something fails
 * after staging, the split is marked for deletion, and its object left to garbage collection.
 *
 * @param store The index's own root.
 * @param replacedIds Published splits that this one takes the place of.
 */
export async function publishSplit(
  metastore: FileBackedMetastore,
  store: ObjectStore,
  split: WrittenSplit,
  replacedIds: readonly string[] = [],
): Promise<void> {
  const { splitId, indexUid } = split.metadata
  await metastore.stageSplits(indexUid, [split.metadata])
  try {
    await store.put(`${splitId}.split`, split.bytes)
    await metastore.publishSplits(indexUid, [splitId], replacedIds)
  } catch (error) {
    await metastore.markSplitsForDeletion(indexUid, [splitId]).catch(() => undefined)
    throw error
  }
}
