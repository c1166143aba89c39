import { ValuesExec } from '@volley/core'
import type { DistributedPlan } from '@volley/planner'
import { Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import { explainPlan } from '../src/statements.ts'

const leaf = new ValuesExec(new Schema([]), [])
const node = {
  name: 'ValuesExec',
  details: [],
  rowsOut: 1,
  batchesOut: 1,
  elapsedMs: 1,
  counters: new Map(),
  children: [],
}

test('EXPLAIN VERBOSE shows the plan that each rule of a worker leaves, and which of them each worker applied', () => {
  const tasks = ['a:1', 'b:1'].map((worker) => ({ worker, plan: leaf, splits: [], slice: null }))
  const stage = { id: 1, exchange: 'coalesce' as const, plan: leaf, tasks, inputs: [], consumers: 1 }
  const plan: DistributedPlan = { root: leaf, inputs: [stage], stages: [stage] }
  const reports = tasks.map(({ worker }, task) => ({
    task,
    worker,
    splits: [],
    rowsOut: 1,
    bytesOut: 8,
    rules: task === 0 ? ['AggPushdown', 'TopKPushdown'] : [],
  }))
  const metrics = { root: node, stages: [{ id: 1, tasks: reports, plan: node }], caches: new Map() }
  const fragments = [
    { rule: 'AggPushdown', did: 'new TantivyAggregateExec', plan: leaf, stage: 1, task: 0, worker: 'a:1' },
  ]
  const changes = { logical: [], physical: [], fragments, idle: [], off: [] }
  const lines = explainPlan({ plan, metrics, threads: null }, { format: 'tree', changes }).rows.flat()
  expect(lines.slice(-4)).toEqual([
    '-- AggPushdown on a:1, task 0 of stage 1: new TantivyAggregateExec',
    'ValuesExec: rows=0',
    '-- a:1 applied AggPushdown, TopKPushdown in task 0 of stage 1',
    '-- b:1 changed nothing in task 1 of stage 1',
  ])
})
