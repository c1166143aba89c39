import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { FunctionExample } from '../functions/scalar-function.ts'
import type { Steps } from '../runtime/run-steps.ts'
import type { Vector } from '../vectors/vector.ts'
import type { FrameRanges } from './frame-ranges.ts'

/** The rows of a window, sorted by PARTITION BY and ORDER BY, all partitions one after the other. */
export interface WindowInput {
  readonly rows: number
  /** One row per row. */
  readonly args: readonly Vector[]
  readonly type: DataType
  /** Partition p is rows `partitions[p]` to `partitions[p + 1]` (exclusive). */
  readonly partitions: Uint32Array
  /** Peer group g (rows equal in the ORDER BY) is rows `peers[g]` to `peers[g + 1]` (exclusive). */
  readonly peers: Uint32Array
  /** The frame of each row; null for functions that do not use it. */
  readonly frame: FrameRanges | null
  readonly ignoreNulls: boolean
  readonly region: Region
}

/** A function of a row's place in its window. Aggregates are window functions too, without being registered as such. */
export interface WindowFunction {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly description: string
  readonly examples: readonly FunctionExample[]
  /** Whether the frame matters; rank and lag ignore it. */
  readonly usesFrame: boolean
  /** Chooses the overload; null when there is none. */
  resolve(argTypes: readonly DataType[]): WindowSignature | null
  evaluate(input: WindowInput): Vector
  /** The same in steps, of those that take long over many rows. */
  evaluateSteps?(input: WindowInput): Steps<Vector>
}

export interface WindowSignature {
  /** What the arguments are cast to. */
  readonly argTypes: readonly DataType[]
  readonly returnType: DataType
  readonly nullable: boolean
}
