import { ServiceKey, VolleyError, type ExecutionPlan, type TaskContext } from '@volley/core'

/** Tells which work a store's reads belong to. */
export interface ReadMeter {
  /** Runs `work`; `record` is called with the bytes of each request that is made for it, also after it has waited. */
  attribute<T>(record: (bytes: number) => void, work: () => T): T
}

/** Absent where reads cannot be told apart, as in a browser. */
export const readMeter: ServiceKey<ReadMeter> = new ServiceKey<ReadMeter>('meter of reads')

/** Bytes that the tasks of one query have read in this process, of those that they may. */
export class ReadBudget {
  readonly limit: number
  #spent = 0

  constructor(limit: number) {
    this.limit = limit
  }

  spend(bytes: number): void {
    this.#spent += bytes
  }

  /** @throws VolleyError 54000 when more was read than may be. */
  check(): void {
    if (this.#spent > this.limit) throw tooManyBytes('has read', this.#spent, this.limit)
  }
}

export const readBudget: ServiceKey<ReadBudget> = new ServiceKey<ReadBudget>('budget of reads')

/** The error of a query that reads more than `max_bytes_scanned`. */
export function tooManyBytes(what: 'has read' | 'would read', bytes: number, limit: number): VolleyError {
  return new VolleyError(`the query ${what} ${format(bytes)}, more than max_bytes_scanned allows (${format(limit)})`, {
    code: '54000',
    hint: 'narrow it (a time range, fewer columns), or raise max_bytes_scanned; EXPLAIN (ESTIMATE) says what is read',
  })
}

function format(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

const recorders = new WeakMap<TaskContext, Map<ExecutionPlan, (bytes: number) => void>>()

/** Runs a part of a node's work; what is read for it counts as the node's, and against the query's budget. */
export function metered<T>(node: ExecutionPlan, context: TaskContext, work: () => T): T {
  if (!context.hasService(readMeter)) return work()
  let byNode = recorders.get(context)
  if (byNode === undefined) recorders.set(context, (byNode = new Map()))
  let record = byNode.get(node)
  if (record === undefined) {
    const metrics = context.metricsOf(node)
    const budget = context.hasService(readBudget) ? context.service(readBudget) : null
    record = (bytes) => {
      metrics.add('requests', 1)
      metrics.add('bytes_read', bytes)
      budget?.spend(bytes)
    }
    byNode.set(node, record)
  }
  return context.service(readMeter).attribute(record, work)
}

/** @throws VolleyError when the query has read more than it may. */
export function checkReadBudget(context: TaskContext): void {
  if (context.hasService(readBudget)) context.service(readBudget).check()
}
