import * as core from '@volley/core'
import * as planner from '@volley/planner'
import { Schema } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PlanCodec } from '../src/index.ts'
import { plan } from './support/arbitraries.ts'
import { dump } from './support/dump.ts'
import { testFunctions } from './support/functions.ts'

const codec = new PlanCodec(testFunctions())

/** Names of the concrete classes a package exports that extend one of core's. */
function classesOf(
  exports: object,
  base: abstract new (...args: never[]) => object,
  abstract: readonly string[] = [],
): string[] {
  return Object.values(exports)
    .filter((value): value is { name: string } => typeof value === 'function' && value.prototype instanceof base)
    .map((value) => value.name)
    .filter((name) => !abstract.includes(name))
    .sort()
}

/** Put into plans that run in one task, after they were dealt: they are never sent. */
const NEVER_SENT = ['ReadSharedRowsExec', 'SharedRowsExec']
/** Stands in plans that are not dealt yet: a task has a NetworkCoalesceExec for it. */
const NOT_DEALT = ['NetworkForwardExec']

const shared = new core.SharedRowsExec(1, new core.ValuesExec(new Schema([]), [[]]), 2)

describe('decode(encode(plan)) = plan', () => {
  test('for plans of every node and expression', { timeout: 30_000 }, () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(plan, (original) => {
        const bytes = codec.encodePlan(original)
        const decoded = codec.decodePlan(bytes)
        expect(dump(decoded)).toBe(dump(original))
        for (const [, name] of dump(original).matchAll(/"(?:plan|of|type)": "(\w+)"/g)) seen.add(name!)
        expect(Buffer.from(codec.encodePlan(decoded)).equals(bytes)).toBe(true)
      }),
      { numRuns: 400 },
    )
    const nodes = [
      ...classesOf(core, core.ExecutionPlan, NEVER_SENT),
      ...classesOf(planner, core.ExecutionPlan, ['NetworkExec', ...NOT_DEALT]),
    ]
    expect(nodes.filter((name) => !seen.has(name))).toEqual([])
    expect(classesOf(core, core.Expr).filter((name) => !seen.has(name))).toEqual([])
    expect(['AggregateCall', 'WindowCall', 'Json'].filter((name) => !seen.has(name))).toEqual([])
  })

  test.each([() => shared, () => new core.ReadSharedRowsExec(shared, 1)])('what is never sent is refused', (made) => {
    expect(() => codec.encodePlan(made())).toThrow(/SharedRowsExec/)
  })

  test('a plan of 1,000 nodes and an expression 3,000 deep are no deeper on the wire', () => {
    const leaf = new core.ValuesExec(new Schema([]), [[]])
    let expr: core.Expr = core.literal(true)
    for (let i = 0; i < 3000; i++) expr = new core.NotExpr(expr)
    let deep: core.ExecutionPlan = new core.FilterExec(leaf, expr)
    for (let i = 0; i < 1000; i++) deep = new core.LocalLimitExec(deep, i)
    const decoded = codec.decodePlan(codec.encodePlan(deep))
    let node = decoded
    let depth = 0
    for (; node instanceof core.LocalLimitExec; node = node.input) depth++
    let operand = (node as core.FilterExec).predicate
    for (; operand instanceof core.NotExpr; operand = operand.child) depth++
    expect([depth, String(operand)]).toEqual([4000, 'TRUE'])
  })
})
