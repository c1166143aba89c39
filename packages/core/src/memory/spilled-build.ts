import type { Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { Expr } from '../expressions/expr.ts'
import { hashKeys } from '../operators/join-hash-table.ts'
import { emitsBuildSide, type JoinType } from '../operators/join-type.ts'
import { moreThanOneRow, PairJoin, rowFlags, type PairSource, type RowFlags } from '../operators/pair-join.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { concatSteps } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { PackedFlags } from './packed-flags.ts'
import { bufferBytesFor, emptyPart, FAN_OUT, partOf, PartitionedSpill, type SpilledPart } from './partitioned-spill.ts'
import { Spill, type SpilledBatch } from './spill.ts'

/** Levels of dealing at most: 65,536 parts. */
const MAX_LEVEL = 3

/** Blocks of a part up to which reading its right rows once for each is less work than dealing both sides again. */
const FEW_BLOCKS = 4

/** Some rows of the left side that are in memory, and what finds their partners. */
export interface LeftBlock {
  /** Candidate pairs with one right batch; says in both flags what NULLs leave open. */
  pairs(join: PairJoin, batch: RecordBatch, left: RowFlags, right: RowFlags, scratch: Region): Promise<PairSource>
  release(): void
}

/** Another partition may have found a partner of a left row since its flags were loaded. */
function checkOnce(before: Uint8Array, own: RowFlags, now: RowFlags): void {
  for (let i = 0; i < before.length; i++) {
    if (before[i] === 0 && own.matched[i] === 1 && now.matched[i] === 1) throw moreThanOneRow()
  }
}

/** A join, as far as its left side on disk needs to know it. */
export interface SpilledJoinSpec {
  readonly node: ExecutionPlan
  readonly leftSchema: Schema
  readonly rightSchema: Schema
  readonly joinType: JoinType
  readonly filter: Expr | null
  /** Only rows with equal keys can be partners; null when every left row must meet every right row. */
  readonly keys: { readonly left: readonly Expr[]; readonly right: readonly Expr[] } | null
  createBlock(batch: RecordBatch, flags: RowFlags): Promise<LeftBlock>
  /** What it takes to have left rows in memory as a block. */
  blockBytes(bytes: number, rows: number): number
}

/** Left rows whose keys have hash bits in common; dealt again where they are too many. */
interface Part {
  readonly rows: SpilledPart
  readonly level: number
  children: readonly Part[] | null
  /** Number among those that are not dealt again. */
  leaf: number
  flags: PackedFlags | null
}

/**
 * The left side of a join that did not fit, on disk: a grace hash join (Kitsuregawa et al. 1983). Rows of both sides are
 * dealt to parts by the hash of their keys, and joined part by part. A part that does not fit although it was dealt again,
 * because many rows have one key, is joined block by block: each block of it meets all right rows of the part.
 *
 * Partitions that share the left side deal and join their own right rows; which left rows have matched is shared.
 */
export class SpilledBuild {
  readonly #spec: SpilledJoinSpec
  readonly #memory: MemoryReservation
  readonly #spill: Spill
  readonly #context: TaskContext
  readonly #leaves: Part[] = []
  /** Left rows as they come. */
  readonly #dealt: PartitionedSpill
  #root: Part | null = null
  #flags: MemoryReservation | null = null

  private constructor(spec: SpilledJoinSpec, memory: MemoryReservation, context: TaskContext) {
    this.#spec = spec
    this.#memory = memory
    this.#context = context
    this.#spill = new Spill(spec.node, memory, context)
    this.#dealt = this.#newParts(spec.keys === null ? 1 : FAN_OUT)
  }

  /**
   * Writes left rows, `held`, which are released; `finish` writes those that come. `memory` is freed with what is returned.
   * `wanted` is what was refused.
   */
  static async begin(
    spec: SpilledJoinSpec,
    memory: MemoryReservation,
    held: RecordBatch[],
    wanted: number,
    context: TaskContext,
  ): Promise<SpilledBuild> {
    const build = new SpilledBuild(spec, memory, context)
    try {
      build.#spill.begin(wanted)
      for (let batch = held.pop(); batch !== undefined; batch = held.pop()) await build.#deal(batch, build.#dealt, 0)
      memory.tryResize(bufferBytesFor(memory.part))
      return build
    } catch (error) {
      for (const batch of held.splice(0)) batch.release()
      await build.release()
      throw error
    }
  }

  /** Writes a batch that has come, and the rest of the input. */
  async finish(next: RecordBatch | null, input: BatchStream): Promise<this> {
    try {
      await this.#finish(next, input)
      return this
    } catch (error) {
      await this.release()
      throw error
    }
  }

  async #finish(next: RecordBatch | null, input: BatchStream): Promise<void> {
    const parts = this.#dealt
    try {
      for (let batch = next ?? (await input.next()); batch !== null; batch = await input.next()) {
        await this.#deal(batch.retain(), parts, 0)
      }
      await input.close()
      await parts.flush()
    } finally {
      parts.release()
    }
    this.#root = { rows: emptyPart(), level: 0, children: null, leaf: -1, flags: null }
    await this.#adopt(this.#root, parts)
    const rows = this.#leaves.reduce((sum, leaf) => sum + leaf.rows.rows, 0)
    this.#context.metricsOf(this.#spec.node).add('build_rows', rows)
    // What is kept while right rows are joined cannot be spilled.
    this.#flags = this.#context.reserve(this.#spec.node, false)
    await this.#flags.require(this.#keepsFlags ? PackedFlags.bytesFor(rows) : 0)
    this.#memory.free()
  }

  get #keepsFlags(): boolean {
    return emitsBuildSide(this.#spec.joinType)
  }

  #newParts(count: number): PartitionedSpill {
    return new PartitionedSpill(this.#spec.leftSchema, count, this.#spill, this.#memory.part, this.#context)
  }

  /** Deals left rows, and releases the batch. */
  async #deal(batch: RecordBatch, parts: PartitionedSpill, level: number): Promise<void> {
    const { keys } = this.#spec
    const scratch = this.#context.region()
    try {
      const rows = batch.selection ?? allRows(batch.length)
      const numbers =
        keys === null
          ? new Uint32Array(rows.length)
          : hashKeys(
              keys.left.map((key) => key.evaluate(batch, batch.selection, scratch)),
              rows,
            )
      if (keys !== null) for (let k = 0; k < numbers.length; k++) numbers[k] = partOf(numbers[k]!, level)
      await parts.add(batch, rows, numbers)
    } finally {
      scratch.release()
      batch.release()
    }
  }

  /** Makes the parts children of a part; deals those again that have too many rows. */
  async #adopt(parent: Part, dealt: PartitionedSpill): Promise<void> {
    const level = parent.level + 1
    const children = dealt.parts.map((rows): Part => ({ rows, level, children: null, leaf: -1, flags: null }))
    parent.children = children
    const whole = dealt.parts.reduce((sum, part) => sum + part.rows, 0)
    for (const child of children) {
      const { bytes, rows } = child.rows
      const few = this.#spec.blockBytes(bytes, rows) <= FEW_BLOCKS * this.#memory.capacity
      if (few || this.#spec.keys === null || child.level > MAX_LEVEL || rows === whole) {
        child.leaf = this.#leaves.push(child) - 1
        if (this.#keepsFlags) child.flags = new PackedFlags(rows)
        continue
      }
      const parts = this.#newParts(FAN_OUT)
      try {
        for (const written of child.rows.batches) {
          await this.#deal(await this.#spill.read(written), parts, child.level)
        }
        await parts.flush()
      } finally {
        parts.release()
      }
      await this.#adopt(child, parts)
    }
  }

  /** What one partition's right rows give, except for left rows alone. */
  async *probe(right: BatchStream): AsyncGenerator<RecordBatch, void, void> {
    const { node, rightSchema } = this.#spec
    const memory = this.#context.reserve(node, true)
    const spill = new Spill(node, memory, this.#context)
    const parts = new PartitionedSpill(rightSchema, this.#leaves.length, spill, memory.part, this.#context)
    try {
      memory.tryResize(bufferBytesFor(memory.part))
      for (let batch = await right.next(); batch !== null; batch = await right.next()) {
        await this.#dealRight(batch.retain(), parts)
      }
      await right.close()
      await parts.flush()
      for (const [i, leaf] of this.#leaves.entries()) yield* this.#joinLeaf(leaf, parts.parts[i]!, spill, memory)
    } finally {
      parts.release()
      memory.free()
      await spill.delete()
    }
  }

  async #dealRight(batch: RecordBatch, parts: PartitionedSpill): Promise<void> {
    const { keys } = this.#spec
    const scratch = this.#context.region()
    try {
      const rows = batch.selection ?? allRows(batch.length)
      const numbers =
        keys === null
          ? new Uint32Array(rows.length)
          : hashKeys(
              keys.right.map((key) => key.evaluate(batch, batch.selection, scratch)),
              rows,
            )
      if (keys !== null) for (let k = 0; k < numbers.length; k++) numbers[k] = this.#leafOf(numbers[k]!)
      await parts.add(batch, rows, numbers)
    } finally {
      scratch.release()
      batch.release()
    }
  }

  #leafOf(hash: number): number {
    let part = this.#root!
    while (part.children !== null) part = part.children[partOf(hash, part.level)]!
    return part.leaf
  }

  async *#joinLeaf(
    leaf: Part,
    right: SpilledPart,
    rightSpill: Spill,
    memory: MemoryReservation,
  ): AsyncGenerator<RecordBatch, void, void> {
    if (right.rows === 0) return
    const { schema } = this.#spec.node
    const rightBytes = 2 * Math.max(...right.batches.map((batch) => batch.bytes))
    let rightFlags: PackedFlags | null = null
    for await (const { block, start, last } of this.#blocks(
      leaf,
      memory,
      rightBytes + PackedFlags.bytesFor(right.rows),
    )) {
      if (!last) rightFlags ??= new PackedFlags(right.rows)
      const left = leaf.flags?.load(start, block.length) ?? rowFlags(block.length)
      const before = this.#spec.joinType === 'left_single' ? left.matched.slice() : null
      let found: LeftBlock | null = null
      try {
        found = await this.#spec.createBlock(block, left)
        const join = new PairJoin({ ...this.#spec, schema }, { batch: block, flags: left }, this.#context)
        let at = 0
        for (const written of right.batches) {
          const batch = await rightSpill.read(written)
          const scratch = this.#context.region()
          try {
            const flags = rightFlags?.load(at, batch.length) ?? rowFlags(batch.length)
            yield* join.pairs(batch, await found.pairs(join, batch, left, flags, scratch), flags)
            if (last) yield* join.rightSide(batch, flags)
            else rightFlags!.store(at, flags)
            at += batch.length
          } finally {
            scratch.release()
            batch.release()
          }
        }
        if (before !== null) checkOnce(before, left, leaf.flags!.load(start, block.length))
        leaf.flags?.store(start, left)
      } finally {
        found?.release()
        block.release()
      }
    }
  }

  /** Left rows of a part, as many at a time as fit beside `beside` bytes; the receiver releases each block. */
  async *#blocks(
    leaf: Part,
    memory: MemoryReservation,
    beside: number,
  ): AsyncGenerator<{ block: RecordBatch; start: number; last: boolean }, void, void> {
    const { batches } = leaf.rows
    let start = 0
    let at = 0
    do {
      const taken: SpilledBatch[] = []
      let bytes = 0
      let rows = 0
      for (; at < batches.length; at++) {
        const next = batches[at]!
        const wanted = this.#spec.blockBytes(bytes + next.bytes, rows + next.rows) + beside
        // No more than an equal part: partitions that come to their blocks later need one batch at least.
        if (taken.length === 0) await memory.require(wanted)
        else if (wanted > memory.equalPart || !memory.tryResize(wanted)) break
        taken.push(next)
        bytes += next.bytes
        rows += next.rows
      }
      yield { block: await this.#load(taken), start, last: at === batches.length }
      start += rows
    } while (at < batches.length)
  }

  async #load(batches: readonly SpilledBatch[]): Promise<RecordBatch> {
    const read: RecordBatch[] = []
    try {
      for (const batch of batches) read.push(await this.#spill.read(batch))
      if (read.length === 1) return read[0]!.retain()
      return await runSteps(concatSteps(this.#spec.leftSchema, read, this.#context), this.#context)
    } finally {
      for (const batch of read) batch.release()
    }
  }

  /** Left rows alone, once the right rows of all partitions have been seen. */
  async *leftSide(): AsyncGenerator<RecordBatch, void, void> {
    const { node } = this.#spec
    const memory = this.#context.reserve(node, true)
    try {
      for (const leaf of this.#leaves) {
        if (leaf.rows.rows === 0) continue
        for await (const { block, start } of this.#blocks(leaf, memory, 0)) {
          try {
            const flags = leaf.flags!.load(start, block.length)
            const spec = { ...this.#spec, schema: node.schema }
            yield* new PairJoin(spec, { batch: block, flags }, this.#context).leftSide()
          } finally {
            block.release()
          }
        }
      }
    } finally {
      memory.free()
    }
  }

  async release(): Promise<void> {
    this.#dealt.release()
    this.#memory.free()
    this.#flags?.free()
    await this.#spill.delete()
  }
}
