import { FunctionRegistry, UTF8, type AggregateFunction, type ScalarFunction, type WindowFunction } from '@volley/core'

const unused = (): never => {
  throw new Error('only planned, never run')
}

const scalar: ScalarFunction = {
  name: 'reverse_it',
  category: 'test',
  description: '',
  examples: [],
  volatility: 'immutable',
  resolve: () => ({ argTypes: [UTF8], returnType: UTF8, nullable: 'propagate' }),
  evaluate: unused,
}

const aggregate: AggregateFunction = {
  name: 'gather',
  description: '',
  examples: [],
  ordered: true,
  resolve: (argTypes) => ({ argTypes, returnType: UTF8, stateTypes: [UTF8] }),
  createAccumulator: unused,
}

const window: WindowFunction = {
  name: 'place',
  description: '',
  examples: [],
  usesFrame: true,
  resolve: (argTypes) => ({ argTypes, returnType: UTF8, nullable: true }),
  evaluate: unused,
}

/** A registry of one function a kind, which share no name. */
export function testFunctions(): FunctionRegistry {
  const registry = new FunctionRegistry()
  registry.registerScalar(scalar)
  registry.registerAggregate(aggregate)
  registry.registerWindow(window)
  return registry
}
