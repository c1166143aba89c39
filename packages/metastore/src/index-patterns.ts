import { MetastoreError } from './metastore-error.ts'

/**
 * Which indexes are meant: globs whose only wildcard is `*`, a leading `-` excluding what matches; at least one is
 * positive (formats/quickwit-metastore.md §1). Text may hold several, parted by commas.
 */
export class IndexPatterns {
  readonly #positive: readonly RegExp[]
  readonly #negative: readonly RegExp[]

  /** @throws MetastoreError `invalid` for a pattern that no index id can match, or when none is positive. */
  constructor(patterns: string | readonly string[]) {
    const list = (typeof patterns === 'string' ? patterns.split(',') : patterns).map((pattern) => pattern.trim())
    for (const pattern of list) {
      if (!/^-?[a-zA-Z*][a-zA-Z0-9\-_.*]{0,254}$/.test(pattern)) {
        throw new MetastoreError(
          'invalid',
          `"${pattern}" is no index pattern: letters, digits, - _ . and the wildcard * are allowed`,
        )
      }
    }
    this.#positive = list.filter((pattern) => !pattern.startsWith('-')).map(compile)
    this.#negative = list.filter((pattern) => pattern.startsWith('-')).map((pattern) => compile(pattern.slice(1)))
    if (this.#positive.length === 0) {
      throw new MetastoreError(
        'invalid',
        `"${list.join(',')}" excludes only; name at least one index to include, such as *`,
      )
    }
  }

  matches(indexId: string): boolean {
    return this.#positive.some((glob) => glob.test(indexId)) && !this.#negative.some((glob) => glob.test(indexId))
  }
}

/** Whether a table name stands for several indexes. */
export function isIndexPattern(name: string): boolean {
  return name.includes('*') || name.includes(',')
}

function compile(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*')}$`)
}

/**
 * Checks an index id.
 *
 * @throws MetastoreError `invalid`.
 */
export function checkIndexId(indexId: string): string {
  if (!/^[a-zA-Z][a-zA-Z0-9\-_.]{2,254}$/.test(indexId)) {
    throw new MetastoreError(
      'invalid',
      `"${indexId}" is no index id: 3 to 255 letters, digits, - _ and ., starting with a letter`,
    )
  }
  return indexId
}
