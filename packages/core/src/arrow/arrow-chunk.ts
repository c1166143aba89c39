import type { Data, RecordBatch } from 'apache-arrow'

/**
 * Rows of a table in ordinary memory: Arrow batches of the same columns, one after another. What is kept of it elsewhere is
 * kept for this object.
 */
export class ArrowChunk {
  readonly rows: number
  readonly bytes: number
  #batches: readonly RecordBatch[]
  #starts: Uint32Array
  readonly #columns = new Map<number, readonly Data[]>()
  readonly #bytes = new Map<number, number>()
  readonly #gathered = new Map<number, number>()
  readonly #dropped = new Set<() => void>()
  #isDropped = false

  constructor(batches: readonly RecordBatch[]) {
    this.#batches = batches
    this.#starts = startsOf(batches)
    this.rows = this.#starts.at(-1)!
    this.bytes = batches.reduce((sum, batch) => sum + batch.data.byteLength, 0)
  }

  get batches(): readonly RecordBatch[] {
    return this.#batches
  }

  /** The first row of each batch, and how many rows there are. */
  get starts(): Uint32Array {
    return this.#starts
  }

  /** The same rows in other memory. */
  move(batches: readonly RecordBatch[]): void {
    this.#batches = batches
    this.#starts = startsOf(batches)
    this.#columns.clear()
  }

  /** A column's part in each batch. */
  column(position: number): readonly Data[] {
    let column = this.#columns.get(position)
    if (column === undefined) {
      this.#columns.set(position, (column = this.#batches.map((batch) => batch.data.children[position]!)))
    }
    return column
  }

  /** Rows `from` to `to` (exclusive) of a column. */
  columnIn(position: number, from: number, to: number): readonly Data[] {
    const column = this.column(position)
    if (from === 0 && to === this.rows) return column
    const parts: Data[] = []
    for (let i = from < to ? this.batchOf(from) : column.length; i < column.length && this.#starts[i]! < to; i++) {
      const first = this.#starts[i]!
      const [start, end] = [Math.max(from - first, 0), Math.min(to - first, column[i]!.length)]
      if (start < end) parts.push(end - start === column[i]!.length ? column[i]! : column[i]!.slice(start, end - start))
    }
    return parts
  }

  /** Notes that rows of a column are read one by one; returns how many were, in all. */
  gather(position: number, rows: number): number {
    const sum = (this.#gathered.get(position) ?? 0) + rows
    this.#gathered.set(position, sum)
    return sum
  }

  /** Bytes of a column. */
  bytesOf(position: number): number {
    let bytes = this.#bytes.get(position)
    if (bytes === undefined) {
      bytes = this.column(position).reduce((sum, data) => sum + data.byteLength, 0)
      this.#bytes.set(position, bytes)
    }
    return bytes
  }

  /** The batch that has a row. */
  batchOf(row: number): number {
    const starts = this.#starts
    let [low, high] = [0, starts.length - 1]
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (starts[middle]! <= row) low = middle
      else high = middle
    }
    return low
  }

  /** Whether no table has it any longer; a query may read it still. */
  get isDropped(): boolean {
    return this.#isDropped
  }

  /** Says that its table is no more: what is kept of it elsewhere is given back. */
  drop(): void {
    this.#isDropped = true
    for (const dropped of this.#dropped) dropped()
    this.#dropped.clear()
  }

  /** Runs when the chunk is dropped. */
  onDrop(dropped: () => void): void {
    this.#dropped.add(dropped)
  }
}

function startsOf(batches: readonly RecordBatch[]): Uint32Array {
  const starts = new Uint32Array(batches.length + 1)
  batches.forEach((batch, i) => (starts[i + 1] = starts[i]! + batch.numRows))
  return starts
}
