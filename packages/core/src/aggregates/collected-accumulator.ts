import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import type { Vector } from '../vectors/vector.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'

/** Collects rows for DISTINCT and ORDER BY. */
export class CollectedAccumulator implements GroupsAccumulator {
  constructor(
    _make: () => GroupsAccumulator,
    _types: readonly DataType[],
    _argCount: number,
    _distinct: boolean,
    _orderBy: readonly SortKey[],
  ) {}

  update(): void {
    throw notSupported('DISTINCT in an aggregate')
  }

  merge(): void {
    throw notSupported('DISTINCT in an aggregate')
  }

  mergeGroup(): void {
    throw notSupported('DISTINCT in an aggregate')
  }

  state(_groupCount: number, _region: Region): Vector[] {
    throw notSupported('DISTINCT in an aggregate')
  }

  evaluate(_groupCount: number, _region: Region): Vector {
    throw notSupported('DISTINCT in an aggregate')
  }

  get bytes(): number {
    return 0
  }

  release(): void {}
}
