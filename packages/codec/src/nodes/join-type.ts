import type { JoinType } from '@volley/core'
import { oneOf } from '../wire/message.ts'

const JOIN_TYPES: readonly JoinType[] = [
  'inner',
  'left',
  'right',
  'full',
  'left_semi',
  'right_semi',
  'left_anti',
  'right_anti',
  'left_mark',
  'right_mark',
  'left_single',
]

export function joinTypeOf(value: string): JoinType {
  return oneOf(value, JOIN_TYPES, 'the join type')
}
