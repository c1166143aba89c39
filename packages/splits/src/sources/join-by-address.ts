import { DocIdJoinExec, type ExecutionPlan } from '@volley/core'
import { addressFields } from './address.ts'

/** Joins two sources of one layout on the address; the right one is looked up. */
export function joinByAddress(left: ExecutionPlan, right: ExecutionPlan): ExecutionPlan {
  return new DocIdJoinExec(
    left,
    right,
    'inner',
    addressFields.map((_, i) => ({ left: i, right: i })),
  )
}
