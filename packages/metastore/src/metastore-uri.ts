import { MetastoreError } from './metastore-error.ts'

/** A metastore URI, taken apart. */
export interface MetastoreUri {
  /** The root, without fragment. */
  readonly uri: string
  /** Lower case; `file` for a plain path. */
  readonly scheme: string
  /** From `#polling_interval=<n>s`, or null. */
  readonly pollingIntervalMs: number | null
}

const OBJECT_STORES = ['file', 'ram', 'http', 'https', 's3', 'gs', 'azure']
const OTHER_BACKENDS = ['postgres', 'postgresql', 'grpc']

/**
 * Parses a metastore URI (formats/quickwit-metastore.md §2.1).
 *
 * @throws MetastoreError `invalid`, saying what is wrong and what would be right.
 */
export function parseMetastoreUri(text: string): MetastoreUri {
  const shown = redactUri(text)
  if (text.trim() === '')
    throw new MetastoreError('invalid', 'the metastore URI is empty; give one such as file:///data/indexes')
  const hash = text.indexOf('#')
  const uri = hash < 0 ? text : text.slice(0, hash)
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1]?.toLowerCase() ?? 'file'
  if (OTHER_BACKENDS.includes(scheme)) {
    throw new MetastoreError(
      'invalid',
      `${shown}: a ${scheme} metastore cannot be read yet; give the URI of a file-backed one, such as file:///data/indexes`,
    )
  }
  if (!OBJECT_STORES.includes(scheme)) {
    const known = OBJECT_STORES.map((name) => `${name}:`).join(', ')
    throw new MetastoreError(
      'invalid',
      `${shown}: unknown scheme ${scheme}: in the metastore URI; there are ${known} and plain paths`,
    )
  }
  if (scheme === 'file' && /^file:(?!\/\/\/)/.test(uri)) {
    throw new MetastoreError(
      'invalid',
      `${shown}: a file URI has three slashes and an absolute path, such as file:///data/indexes`,
    )
  }
  return { uri, scheme, pollingIntervalMs: hash < 0 ? null : pollingInterval(text.slice(hash + 1), shown) }
}

function pollingInterval(fragment: string, shown: string): number {
  const match = /^polling_interval=([1-9]\d{0,8})s$/.exec(fragment)
  if (match === null) {
    throw new MetastoreError(
      'invalid',
      `${shown}: the part after # must be polling_interval=<seconds>s, such as #polling_interval=30s`,
    )
  }
  return Number(match[1]) * 1000
}

/** Takes user, password and the values of the query out of a URI, for messages. */
export function redactUri(uri: string): string {
  return uri.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/@#?]*@/, '$1***@').replace(/\?[^#]*/, '?***')
}
