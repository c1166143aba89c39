import {
  type BytesVector,
  ConstantVector,
  DictionaryVector,
  scalarAt,
  vectorOf,
  type ScalarValue,
  type Selection,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'

const NO_GROUP = 0xffffffff

/**
 * Group ids of one key column, in order of first appearance. Dictionary codes are mapped once per dictionary, so a row
 * costs one array read; other encodings go through a map of the value.
 */
export class GroupKeys {
  readonly #type: DataType
  readonly #values: ScalarValue[] = []
  readonly #byValue = new Map<ScalarValue, number>()
  #dictionary: BytesVector | null = null
  #byCode = new Uint32Array(0)

  constructor(type: DataType) {
    this.#type = type
  }

  get count(): number {
    return this.#values.length
  }

  /** The group id of each selected row. */
  groupsOf(key: Vector, selection: Selection | null, rows: number): Uint32Array {
    const groups = new Uint32Array(rows)
    if (key instanceof DictionaryVector) {
      this.#byDictionary(key, selection, groups)
    } else if (key instanceof ConstantVector) {
      groups.fill(this.#groupOf(scalarAt(key, 0)))
    } else {
      for (let k = 0; k < rows; k++) groups[k] = this.#groupOf(scalarAt(key, selection === null ? k : selection[k]!))
    }
    return groups
  }

  /** One row per group: its key. */
  vector(region: Region): Vector {
    return vectorOf(this.#type, this.#values, region)
  }

  #byDictionary(key: DictionaryVector, selection: Selection | null, groups: Uint32Array): void {
    if (this.#dictionary !== key.dictionary) {
      this.#dictionary = key.dictionary
      this.#byCode = new Uint32Array(key.dictionary.length).fill(NO_GROUP)
    }
    const byCode = this.#byCode
    const { codes, validity } = key
    for (let k = 0; k < groups.length; k++) {
      const row = selection === null ? k : selection[k]!
      if (validity !== null && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) {
        groups[k] = this.#groupOf(null)
        continue
      }
      const code = codes[row]!
      let group = byCode[code]!
      if (group === NO_GROUP) byCode[code] = group = this.#groupOf(scalarAt(key.dictionary, code))
      groups[k] = group
    }
  }

  #groupOf(value: ScalarValue): number {
    // -0 and 0 are one key of a Map, and so is NaN, as GROUP BY wants it.
    let group = this.#byValue.get(value)
    if (group === undefined) {
      group = this.#values.length
      this.#values.push(value)
      this.#byValue.set(value, group)
    }
    return group
  }
}
