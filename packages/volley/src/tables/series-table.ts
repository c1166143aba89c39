import { INT64, notSupported, type ExecutionPlan } from '@volley/core'
import type { ScanRequest, TableColumn, TableProvider, ValueRange } from '@volley/planner'
import { Field, Schema } from 'apache-arrow'
import { SeriesScanExec } from './series-scan-exec.ts'

const COLUMN = 'value'
/** A partition should have this many at least. */
const PARTITION_ROWS = 65_536

/** `count` integers from `start`, `step` apart, in a column `value`. */
export class SeriesTable implements TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[] = [
    { name: COLUMN, type: INT64, nullable: false, visible: true, selectable: true, searchable: false },
  ]
  readonly primaryKey: readonly string[] = [COLUMN]
  readonly supportsPaths = false
  readonly supportsText = false
  readonly #start: bigint
  readonly #step: bigint
  readonly #count: number

  constructor(name: string, start: bigint, step: bigint, count: number) {
    this.name = name
    this.#start = start
    this.#step = step
    this.#count = count
  }

  get rows(): { value: number; exact: boolean } {
    return { value: this.#count, exact: true }
  }

  get bytes(): { value: number; exact: boolean } {
    return { value: this.#count * 8, exact: true }
  }

  columnRange(name: string): ValueRange | null {
    if (name !== COLUMN || this.#count === 0) return null
    const ends = [this.#start, this.#start + BigInt(this.#count - 1) * this.#step].map(Number)
    return ends.every(Number.isSafeInteger) ? { min: Math.min(...ends), max: Math.max(...ends) } : null
  }

  supportsFilter(): boolean {
    return false
  }

  checkText(): void {
    throw notSupported(`text search in table "${this.name}"`, 'text search needs an index')
  }

  scan(request: ScanRequest): ExecutionPlan {
    const full = Math.max(1, Math.floor(this.#count / PARTITION_ROWS))
    return new SeriesScanExec({
      schema: new Schema(request.outputs.map(({ name, type, nullable }) => new Field(name, type, nullable))),
      start: this.#start,
      step: this.#step,
      range: [0, this.#count],
      partitions:
        request.dealt === true ? request.settings.targetPartitions : Math.min(full, request.settings.targetPartitions),
      dealt: request.dealt === true,
    })
  }
}
