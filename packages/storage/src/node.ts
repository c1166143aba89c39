import { LocalStore, localPath } from './local-store.ts'
import { StoreResolver } from './store-resolver.ts'

export { LocalStore, localPath }

/** A StoreResolver that also opens `file:` URIs and plain paths. */
export function nodeStoreResolver(): StoreResolver {
  return new StoreResolver().register('file', (uri) => new LocalStore(uri))
}
