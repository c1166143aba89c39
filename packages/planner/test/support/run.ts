import {
  operatorStream,
  RecordBatch,
  scalarAt,
  TaskContext,
  vectorOf,
  type BatchStream,
  type ExecutionPlan,
  type ScalarValue,
} from '@volley/core'
import { Arena } from '@volley/kernels'
import {
  createPhysicalPlan,
  exchangeClient,
  optimize,
  planDistributed,
  SessionSettings,
  type DistributedPlan,
  type LogicalPlan,
  type SplitPlacement,
} from '@volley/planner'
import type { Schema } from 'apache-arrow'
import { planning, type Row } from './build.ts'

export async function drain(stream: BatchStream): Promise<Row[]> {
  const rows: Row[] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      for (let k = 0; k < batch.numRows; k++) {
        const row = batch.selection === null ? k : batch.selection[k]!
        rows.push(batch.columns.map((column) => scalarAt(column, row)))
      }
    }
  } finally {
    await stream.close()
  }
  return rows
}

const arena = new Arena({ reserveBytes: 256 * 1024 * 1024, poison: true })

function newContext(): TaskContext {
  return new TaskContext({ queryId: 'test', arena, batchSize: 7 })
}

/** All rows of a plan; asserts that nothing stays allocated. */
export async function run(plan: ExecutionPlan): Promise<Row[]> {
  const context = newContext()
  const rows: Row[] = []
  for (let p = 0; p < plan.partitioning.count; p++) rows.push(...(await drain(plan.execute(p, context))))
  await context.close()
  return rows
}

export const settingsWith = (values: Readonly<Record<string, string | number>>): SessionSettings => {
  const settings = new SessionSettings()
  for (const [name, value] of Object.entries(values)) settings.set(name, value)
  return settings
}

/** Plans and runs in one process. */
export function query(logical: LogicalPlan, settings = new SessionSettings()): Promise<Row[]> {
  return run(createPhysicalPlan(optimize(logical, planning(settings)), { settings }))
}

/** Deals splits in turn. */
export const inTurn: SplitPlacement = {
  place(splits, workers) {
    const placed = new Map<string, string[]>()
    splits.forEach((split, i) => {
      const worker = workers[i % workers.length]!
      placed.set(worker, [...(placed.get(worker) ?? []), split.id])
    })
    return placed
  },
}

export function distribute(logical: LogicalPlan, settings: SessionSettings, workers: number): DistributedPlan {
  const optimized = optimize(logical, planning(settings))
  const physical = createPhysicalPlan(optimized, { settings, distributed: true })
  return planDistributed(physical, {
    workers: Array.from({ length: workers }, (_, i) => `w${i}:1`),
    placement: inTurn,
  })
}

/** Runs every task of a distributed plan in this process, reading exchanges straight from their plans. */
export async function runDistributed(plan: DistributedPlan): Promise<{ rows: Row[]; opened: Map<string, number> }> {
  const opened = new Map<string, number>()
  const shared = new Map<string, Promise<Row[]>>()
  const contexts = new Map<string, TaskContext>()
  const contextOf = (task: string): TaskContext => {
    let context = contexts.get(task)
    if (context === undefined) contexts.set(task, (context = newContext().provide(exchangeClient, client)))
    return context
  }
  const client = {
    open(
      source: { stageId: number; task: number; worker: string; partition: number },
      schema: Schema,
      context: TaskContext,
    ): BatchStream {
      const stage = plan.stages[source.stageId - 1]!
      const task = stage.tasks[source.task]!
      if (task.worker !== source.worker) throw new Error(`task ${source.task} is on ${task.worker}`)
      const key = `${source.stageId}/${source.task}/${source.partition}`
      opened.set(key, (opened.get(key) ?? 0) + 1)
      const open = (): BatchStream => task.plan.execute(source.partition, contextOf(`${source.stageId}/${source.task}`))
      if (stage.exchange !== 'broadcast') return open()
      let rows = shared.get(key)
      if (rows === undefined) shared.set(key, (rows = drain(open())))
      return rowsStream(schema, rows, context)
    },
  }
  const rows = await (async () => {
    const context = contextOf('root')
    const all: Row[] = []
    for (let p = 0; p < plan.root.partitioning.count; p++) all.push(...(await drain(plan.root.execute(p, context))))
    return all
  })()
  for (const context of contexts.values()) await context.close()
  return { rows, opened }
}

function rowsStream(schema: Schema, rows: Promise<Row[]>, context: TaskContext): BatchStream {
  async function* batches(): AsyncGenerator<RecordBatch, void, void> {
    const all = await rows
    if (all.length === 0) return
    const region = context.region()
    const columns = schema.fields.map((field, i) =>
      vectorOf(
        field.type,
        all.map((row) => row[i]!),
        region,
      ),
    )
    yield new RecordBatch(schema, columns, all.length, null, region)
  }
  return operatorStream(schema, [], batches())
}

/** Rows as text, sorted: equal for equal multisets. */
export function multiset(rows: readonly Row[]): string[] {
  return rows.map((row) => row.map((value: ScalarValue) => (value === null ? 'NULL' : String(value))).join('|')).sort()
}
