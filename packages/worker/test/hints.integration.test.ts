import type { NodeCodec } from '@volley/codec'
import { PlanCodec } from '@volley/codec'
import {
  defaultFunctions,
  ExecutionPlan,
  fromArrowRecordBatch,
  hintBoard,
  operatorStream,
  TaskContext,
  unknownPartitioning,
  type BatchStream,
  type RecordBatch,
} from '@volley/core'
import { Arena } from '@volley/kernels'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Coordinator, createWorkerServer, LOCAL_WORKER, type WorkerServer, type WorkerSession } from '../src/index.ts'
import { collectNumbers } from './support/collect.ts'
import { arrowBatch, gather, schema, stage } from './support/plans.ts'

/** Publishes its number, waits for the least of all tasks' numbers, and gives that. */
class LeastNumberExec extends ExecutionPlan {
  override readonly kind = 'LeastNumberExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema = schema
  override readonly partitioning = unknownPartitioning(1)
  readonly own: number
  readonly least: number

  constructor(own: number, least: number) {
    super()
    this.own = own
    this.least = least
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return []
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(context))
  }

  async *#batches(context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const board = context.service(hintBoard)
    board.publish('least', Uint8Array.of(0, this.own))
    // No news: more than is known.
    board.publish('least', Uint8Array.of(1, 0))
    while (board.least('least')![1] !== this.least) {
      context.throwIfCancelled()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    yield fromArrowRecordBatch(arrowBatch([board.least('least')![1]!]), schema, context.region())
  }
}

const codec: NodeCodec = {
  kind: 'LeastNumberExec',
  encode: (node) => Uint8Array.of((node as LeastNumberExec).own, (node as LeastNumberExec).least),
  decode: (payload) => new LeastNumberExec(payload[0]!, payload[1]!),
}

function session(): WorkerSession {
  const arena = new Arena({ reserveBytes: 16 * 1024 * 1024, poison: true })
  return {
    codec: new PlanCodec(defaultFunctions(), [codec]),
    context: (queryId, settings, signal) => new TaskContext({ queryId, settings, signal, arena }),
    close: () => Promise.resolve(),
  }
}

let servers: WorkerServer[] = []
let coordinator: Coordinator

beforeAll(async () => {
  servers = await Promise.all(
    [1, 2, 3].map(() => createWorkerServer({ tasks: { build: () => Promise.resolve(session()) } })),
  )
  coordinator = new Coordinator({ session: session() })
})

afterAll(async () => {
  await coordinator.close()
  await Promise.all(servers.map((server) => server.close()))
})

test(
  'what a task publishes reaches the tasks of its query on all workers, the least of it',
  { timeout: 30_000 },
  async () => {
    const workers = [...servers.map(({ address }) => address), LOCAL_WORKER]
    const queries = [50, 90].map((base) => {
      const numbers = workers.map((_, i) => base + ((i + 2) % workers.length))
      return gather([
        stage(
          1,
          'coalesce',
          workers,
          numbers.map((own) => new LeastNumberExec(own, base)),
        ),
      ])
    })
    // Side by side: queries do not hear of one another.
    const rows = await Promise.all(queries.map((plan) => collectNumbers(coordinator.execute(plan))))
    expect(rows).toEqual([
      [50, 50, 50, 50],
      [90, 90, 90, 90],
    ])
  },
)
