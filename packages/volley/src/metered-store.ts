import { AsyncLocalStorage } from 'node:async_hooks'
import type { ReadMeter } from '@volley/splits'
import type { ObjectStore } from '@volley/storage'

const reader = new AsyncLocalStorage<(bytes: number) => void>()

/** Attributes reads of metered stores by Node's asynchronous context. */
export const nodeReadMeter: ReadMeter = {
  attribute: (record, work) => reader.run(record, work),
}

/** The same store; what is read of it is told to whoever it is read for. */
export function meteredStore(store: ObjectStore): ObjectStore {
  const metered: ObjectStore = {
    uri: store.uri,
    getRange(path, start, end, signal) {
      reader.getStore()?.(end - start)
      return store.getRange(path, start, end, signal)
    },
    async get(path, signal) {
      const bytes = await store.get(path, signal)
      reader.getStore()?.(bytes.length)
      return bytes
    },
    size: (path, signal) => store.size(path, signal),
    put: (path, bytes) => store.put(path, bytes),
    delete: (path) => store.delete(path),
  }
  if (store.version !== undefined) metered.version = (path, signal) => store.version!(path, signal)
  if (store.list !== undefined) metered.list = (prefix) => store.list!(prefix)
  return metered
}
