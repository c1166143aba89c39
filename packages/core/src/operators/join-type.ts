import { Field, Schema } from 'apache-arrow'
import { BOOL } from '../types/type-factory.ts'

/**
 * Semi, anti and mark joins give one side's columns, mark joins a Bool `mark` behind them. `left_single` is a left join
 * whose rows may match once at most (a scalar subquery); a second match is an error.
 */
export type JoinType =
  | 'inner'
  | 'left'
  | 'right'
  | 'full'
  | 'left_semi'
  | 'right_semi'
  | 'left_anti'
  | 'right_anti'
  | 'left_mark'
  | 'right_mark'
  | 'left_single'

/** Whether unmatched rows of the left (build) side, or rows of it at all, come out once all right rows have been seen. */
export function emitsBuildSide(joinType: JoinType): boolean {
  return joinType === 'left' || joinType === 'full' || joinType.startsWith('left_')
}

/** Whether rows are pairs of a left and a right row. */
export function emitsPairs(joinType: JoinType): boolean {
  return ['inner', 'left', 'right', 'full', 'left_single'].includes(joinType)
}

export function joinSchema(left: Schema, right: Schema, joinType: JoinType): Schema {
  const nullable = (schema: Schema): Field[] =>
    schema.fields.map((field) => (field.nullable ? field : new Field(field.name, field.type, true, field.metadata)))
  const mark = new Field('mark', BOOL, true)
  switch (joinType) {
    case 'inner':
      return new Schema([...left.fields, ...right.fields])
    case 'left':
    case 'left_single':
      return new Schema([...left.fields, ...nullable(right)])
    case 'right':
      return new Schema([...nullable(left), ...right.fields])
    case 'full':
      return new Schema([...nullable(left), ...nullable(right)])
    case 'left_semi':
    case 'left_anti':
      return new Schema([...left.fields])
    case 'right_semi':
    case 'right_anti':
      return new Schema([...right.fields])
    case 'left_mark':
      return new Schema([...left.fields, mark])
    case 'right_mark':
      return new Schema([...right.fields, mark])
  }
}
