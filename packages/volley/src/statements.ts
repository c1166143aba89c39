import { arrowTypeName, formatPlan, type ExecutionPlan, type ScalarValue } from '@volley/core'
import {
  formatDecision,
  formatLogicalPlan,
  type DistributedPlan,
  type PhysicalChange,
  type RuleChange,
  type ShownSetting,
  type TableProvider,
} from '@volley/planner'
import { FastFieldExec, TantivyAggregateExec, type JsonPaths, type ReadEstimate } from '@volley/splits'
import { Bool, Int64, Utf8, type DataType } from 'apache-arrow'
import { describePaths } from './describe-paths.ts'
import { explainJson } from './explain-json.ts'
import { formatAnalyzed, formatStages } from './explain-tree.ts'
import { describeColumns } from './run-definition.ts'
import type { Explained } from './session.ts'
import { StaticRows } from './static-rows.ts'

const text = new Utf8()

/** Of a statement that only does something. */
export const noRows: StaticRows = new StaticRows([], [])

export function showSettings(settings: readonly ShownSetting[]): StaticRows {
  const rows = settings.map(({ name, value, description }) => [name, value, description])
  return new StaticRows(
    [
      ['name', text],
      ['value', text],
      ['description', text],
    ],
    rows,
  )
}

export function showTables(names: readonly string[]): StaticRows {
  return new StaticRows(
    [['table_name', text]],
    [...names].sort().map((name) => [name]),
  )
}

/** Columns, and behind them the paths of JSON columns. */
export function describeTable(table: TableProvider, paths: JsonPaths | null): StaticRows {
  if (!table.supportsText) return describeColumns(table.columns)
  const rows = table.columns
    .filter((column) => column.visible || column.searchable || !column.selectable)
    .map((column) => [
      column.name,
      arrowTypeName(column.type),
      column.nullable,
      column.selectable,
      column.searchable,
      column.comment ?? null,
    ])
  const columns: [string, DataType][] = [
    ['column_name', text],
    ['data_type', text],
    ['nullable', new Bool()],
    ['selectable', new Bool()],
    ['searchable', new Bool()],
    ['comment', text],
  ]
  return new StaticRows(columns, [...rows, ...(paths === null ? [] : describePaths(paths))])
}

export interface ExplainOptions {
  readonly format: 'tree' | 'json'
  /** What the rules did, for EXPLAIN VERBOSE. */
  readonly changes: RuleChanges | null
}

/** Names of rules that did not change a plan. */
export interface IdleRules {
  readonly idle: readonly string[]
  readonly off: readonly string[]
}

interface RuleChanges extends IdleRules {
  readonly logical: readonly RuleChange[]
  readonly physical: readonly PhysicalChange[]
  readonly fragments: readonly FragmentChange[]
}

/** A rule that changes the fragment of a task, where the task runs. */
export interface FragmentChange extends PhysicalChange {
  readonly stage: number
  readonly task: number
  readonly worker: string
}

/** One row a line. */
export function explainPlan(explained: Explained, options: ExplainOptions): StaticRows {
  const lines =
    options.format === 'json'
      ? [JSON.stringify(explainJson(explained))]
      : [
          ...(options.changes === null ? [] : ruleLines(options.changes)),
          ...explainLines(explained),
          ...(options.changes === null ? [] : fragmentLines(options.changes.fragments, explained)),
          ...(options.changes === null ? [] : notes(explained.plan)),
        ]
  return new StaticRows(
    [['plan', text]],
    lines.map((line) => [line]),
  )
}

/** What a query would read, a row for each purpose and table, and their sum; as one JSON text with `json`. */
export function explainEstimate(estimate: ReadEstimate, format: 'tree' | 'json'): StaticRows {
  if (format === 'json') return new StaticRows([['estimate', text]], [[JSON.stringify(estimate)]])
  const count = new Int64()
  const rows = estimate.tables.flatMap(({ table, splits, parts }) =>
    parts.map(({ what, requests, bytes, by }): ScalarValue[] => [
      table,
      what,
      BigInt(splits),
      BigInt(requests),
      BigInt(bytes),
      by,
    ]),
  )
  const opened = estimate.tables.reduce((sum, table) => sum + table.opened, 0)
  const { splits, requests, bytes } = estimate
  rows.push([null, 'total', BigInt(splits), BigInt(requests), BigInt(bytes), `${opened} splits opened`])
  const columns: [string, DataType][] = [
    ['table_name', text],
    ['part', text],
    ['splits', count],
    ['requests', count],
    ['bytes', count],
    ['estimated_by', text],
  ]
  return new StaticRows(columns, rows)
}

/** What each rule did and the plan that it left, and which did nothing. */
function ruleLines({ logical, physical, idle, off }: RuleChanges): string[] {
  const after = (rule: string, did: string, plan: string): string[] => [`-- ${rule}: ${did}`, ...plan.split('\n')]
  return [
    ...logical.flatMap(({ rule, did, plan }) => after(rule, did, formatLogicalPlan(plan))),
    ...physical.flatMap(({ rule, did, plan }) => after(rule, did, formatPlan(plan))),
    ...(idle.length === 0 ? [] : [`-- changed nothing: ${idle.join(', ')}`]),
    ...(off.length === 0 ? [] : [`-- switched off: ${off.join(', ')}`]),
  ]
}

/** What workers do to the fragments that they are given, and, of a plan that has run, what each of them said that it did. */
function fragmentLines(changes: readonly FragmentChange[], { plan, metrics }: Explained): string[] {
  if (plan.stages.length === 0) return []
  if (changes.length === 0 && metrics === null) return ['-- workers change no fragment']
  const planned = changes.flatMap(({ rule, did, stage, task, worker, plan: after }) => [
    `-- ${rule} on ${worker}, task ${task} of stage ${stage}: ${did}`,
    ...formatPlan(after).split('\n'),
  ])
  const reported = (metrics?.stages ?? []).flatMap(({ id, tasks }) =>
    tasks.map(({ task, worker, rules }) => {
      const did = rules.length === 0 ? 'changed nothing' : `applied ${rules.join(', ')}`
      return `-- ${worker} ${did} in task ${task} of stage ${id}`
    }),
  )
  return [...planned, ...reported]
}

/** What a reader of the plan should know of its values. */
function notes(plan: DistributedPlan): string[] {
  const cut = new Set<string>()
  const visit = (node: ExecutionPlan): void => {
    const source = node instanceof TantivyAggregateExec ? node.fields : node
    if (source instanceof FastFieldExec)
      for (const name of source.cutTextFields) cut.add(`${source.table.name}.${name}`)
    node.children.forEach(visit)
  }
  for (const stage of plan.stages) visit(stage.plan)
  if (cut.size === 0) return []
  return [
    `-- text of 255 bytes or more is NULL in the fast fields ${[...cut].sort().join(', ')} (Quickwit does not keep it there)`,
  ]
}

export function explainLines(explained: Explained): string[] {
  const tree =
    explained.metrics === null ? formatStages(explained.plan) : formatAnalyzed(explained.plan, explained.metrics)
  const decisions = explained.plan.decisions ?? []
  return [
    ...tree.split('\n'),
    ...decisions.map((decision) => `-- ${formatDecision(decision)}`),
    ...threadLines(explained.threads),
  ]
}

function threadLines(choice: Explained['threads']): string[] {
  return choice === null ? [] : [`-- threads=${choice.threads}: ${choice.reason}`]
}
