import {
  FilterExec,
  FunctionRegistry,
  literal,
  ProjectionExec,
  ScalarFunctionExpr,
  SqlState,
  UTF8,
  ValuesExec,
  VolleyError,
  type ExecutionPlan,
} from '@volley/core'
import { Field, Schema } from 'apache-arrow'
import fc from 'fast-check'
import protobuf from 'protobufjs/minimal.js'
import { describe, expect, test } from 'vitest'
import { PlanCodec, type NodeCodec } from '../src/index.ts'
import { volley } from '../src/generated/messages.js'
import { plan } from './support/arbitraries.ts'
import { testFunctions } from './support/functions.ts'

const { Plan, FilterExec: WireFilter } = volley.codec
const codec = new PlanCodec(testFunctions())
const schema = new Schema([new Field('a', UTF8, true)])
const values = new ValuesExec(schema, [['x']])
const filter = new FilterExec(values, literal(true))

function failure(run: () => unknown): VolleyError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(VolleyError)
    return error as VolleyError
  }
  throw new Error('nothing was thrown')
}

/** The encoded filter, changed. */
function changed(change: (wire: volley.codec.Plan) => void): Uint8Array {
  const wire = Plan.decode(codec.encodePlan(filter))
  change(wire)
  return Plan.encode(wire).finish()
}

describe('a plan that this version does not understand', () => {
  test.each<[string, (wire: volley.codec.Plan) => void, string]>([
    ['another version', (wire) => void (wire.version = 7), 'the plan has codec version 7, this is version 1'],
    ['an unknown node', (wire) => void (wire.nodes[1]!.kind = 'WarpExec'), 'a node WarpExec that is unknown'],
    [
      'an unknown expression',
      (wire) => void (wire.entries[0]!.expr!.kind = 'Warp'),
      'an expression Warp that is unknown',
    ],
    ['an unknown type', (wire) => void (wire.types[0]!.name = 'Complex'), 'the type "Complex" is unknown'],
    ['too few inputs', (wire) => void wire.nodes.shift(), 'the plan lacks inputs of FilterExec'],
    ['another number of inputs', (wire) => void (wire.nodes[1]!.children = 0), 'FilterExec has 0 inputs instead of 1'],
    ['two roots', (wire) => void wire.nodes.push(wire.nodes[0]!), 'the plan has 2 roots'],
    ['no node', (wire) => void (wire.nodes = []), 'the plan has 0 roots'],
    ['a handle to nothing', (wire) => void (wire.entries = []), 'the plan has no expression 1'],
    ['a handle to itself', (wire) => void (wire.entries[0]!.expr!.children = [1]), 'the plan has no expression 1'],
  ])('%s', (_what, change, message) => {
    const error = failure(() => codec.decodePlan(changed(change)))
    expect(error.code).toBe(SqlState.protocolViolation)
    expect(error.message).toContain(message)
  })

  test('a field that must be understood is refused, one that need not be is skipped', () => {
    const withField = (field: number): Uint8Array => {
      const payload = protobuf.Writer.create().raw(WireFilter.encode({ predicate: 1 }).finish())
      payload.uint32(field * 8).uint32(1)
      return changed((wire) => void (wire.nodes[1]!.payload = payload.finish()))
    }
    const error = failure(() => codec.decodePlan(withField(999)))
    expect(error.message).toBe('FilterExec has a field 999 that this version does not understand')
    expect(codec.decodePlan(withField(1000)).kind).toBe('FilterExec')
  })

  test('a function that is not registered is named', () => {
    const call = new ScalarFunctionExpr(testFunctions().scalar('reverse_it')!, [], UTF8, true)
    const bytes = codec.encodePlan(new ProjectionExec(values, [call], schema))
    const error = failure(() => new PlanCodec(new FunctionRegistry()).decodePlan(bytes))
    expect(error.code).toBe(SqlState.undefinedFunction)
    expect(error.message).toContain('reverse_it')
  })

  const batches = plan.filter((node) => node.kind === 'MemoryExec' && Number(new Map(node.details()).get('rows')) > 0)
  test.each([
    ['a plan', plan, 150],
    ['Arrow batches in a plan', batches, 300],
  ])(
    '%s that is damaged is a typed error or a plan, never anything else',
    { timeout: 30_000 },
    (_what, plans, numRuns) => {
      let refused = 0
      fc.assert(
        fc.property(
          plans,
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          (original, damage) => {
            const bytes = codec.encodePlan(original)
            for (const [at, byte] of damage) bytes[at % bytes.length] = byte
            try {
              codec.decodePlan(bytes)
            } catch (error) {
              expect(error).toBeInstanceOf(VolleyError)
              refused++
            }
          },
        ),
        { numRuns },
      )
      expect(refused).toBeGreaterThan(20)
    },
  )
})

describe('nodes of other packages', () => {
  class SourceExec extends ValuesExec {
    override readonly kind = 'SourceExec' as never
  }
  const sourceCodec: NodeCodec = {
    kind: 'SourceExec',
    encode: (node, context) => Buffer.from(JSON.stringify({ schema: context.encodeSchema(node.schema) })),
    decode: (payload, _children, context) => {
      const { schema: handle } = JSON.parse(Buffer.from(payload).toString()) as { schema: number }
      return new SourceExec(context.decodeSchema(handle), [])
    },
  }
  const source: ExecutionPlan = new FilterExec(new SourceExec(schema, []), literal(true))

  test('are encoded by their own codec', () => {
    const extended = new PlanCodec(testFunctions(), [sourceCodec])
    const decoded = extended.decodePlan(extended.encodePlan(source))
    expect(decoded.children[0]).toBeInstanceOf(SourceExec)
  })

  test('without a codec are refused by name', () => {
    expect(failure(() => codec.encodePlan(source)).message).toBe(
      'sending SourceExec to another worker is not supported',
    )
  })
})
