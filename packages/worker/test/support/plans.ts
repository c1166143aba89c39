import { INT32, MemoryExec, type ExecutionPlan } from '@volley/core'
import {
  NetworkBroadcastExec,
  NetworkCoalesceExec,
  NetworkShuffleExec,
  type DistributedPlan,
  type Producer,
  type Stage,
} from '@volley/planner'
import * as arrow from 'apache-arrow'

export const schema: arrow.Schema = new arrow.Schema([new arrow.Field('n', INT32, true)])

export function arrowBatch(values: readonly number[]): arrow.RecordBatch {
  const child = arrow.makeData({
    type: new arrow.Int32(),
    length: values.length,
    nullCount: 0,
    data: Int32Array.from(values),
  })
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: values.length,
    nullCount: 0,
    children: [child],
  })
  return new arrow.RecordBatch(schema, data)
}

/** One partition per list of numbers, in batches of at most `batchRows`. */
export function numbers(partitions: readonly (readonly number[])[], batchRows = 1000): MemoryExec {
  return new MemoryExec(
    schema,
    partitions.map((values) => {
      const batches: arrow.RecordBatch[] = []
      for (let i = 0; i < values.length; i += batchRows) batches.push(arrowBatch(values.slice(i, i + batchRows)))
      return batches
    }),
  )
}

export function stage(
  id: number,
  exchange: Stage['exchange'],
  workers: readonly string[],
  plans: readonly ExecutionPlan[],
  inputs: readonly Stage[] = [],
  consumers = 1,
): Stage {
  const tasks = plans.map((plan, i) => ({ worker: workers[i % workers.length]!, plan, splits: [], slice: null }))
  return { id, exchange, plan: plans[0]!, tasks, inputs, consumers }
}

export function producersOf(stage: Stage): Producer[] {
  return stage.tasks.map(({ worker }, task) => ({ task, worker }))
}

/** A plan whose root gathers all partitions of the last stage. */
export function gather(stages: readonly Stage[]): DistributedPlan {
  const last = stages.at(-1)!
  const perTask = last.tasks[0]!.plan.partitioning.count
  return {
    root: new NetworkCoalesceExec(last.id, producersOf(last), last.tasks[0]!.plan.schema, perTask),
    inputs: [last],
    stages,
  }
}

/** N producers of M * P partitions each; M consumers that read P of them each. `rows(producer, partition)` are the numbers. */
export function shuffle(
  workers: readonly string[],
  shape: { producers: number; consumers: number; partitions: number },
  rows: (producer: number, partition: number) => readonly number[],
): DistributedPlan {
  const all = shape.consumers * shape.partitions
  const leaves = Array.from({ length: shape.producers }, (_, n) =>
    numbers(Array.from({ length: all }, (_, p) => rows(n, p))),
  )
  const first = stage(1, 'shuffle', workers, leaves)
  const readers = Array.from(
    { length: shape.consumers },
    (_, m) => new NetworkShuffleExec(1, producersOf(first), schema, [], shape.partitions, m * shape.partitions),
  )
  return gather([first, stage(2, 'coalesce', workers.toReversed(), readers, [first])])
}

/** N producers of P partitions; M consumers that read all of them each. */
export function broadcast(
  workers: readonly string[],
  shape: { producers: number; consumers: number; partitions: number },
  rows: (producer: number, partition: number) => readonly number[],
): DistributedPlan {
  const leaves = Array.from({ length: shape.producers }, (_, n) =>
    numbers(Array.from({ length: shape.partitions }, (_, p) => rows(n, p))),
  )
  const first = stage(1, 'broadcast', workers, leaves, [], shape.consumers)
  const readers = Array.from(
    { length: shape.consumers },
    () => new NetworkBroadcastExec(1, producersOf(first), schema, shape.partitions),
  )
  return gather([first, stage(2, 'coalesce', workers.toReversed(), readers, [first])])
}
