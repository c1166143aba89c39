import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { typeKey } from '../types/data-types.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { blendVectors, type BlendPart } from '../vectors/blend.ts'
import { allRows, withoutRows } from '../vectors/selection.ts'
import { Expr } from './expr.ts'

export interface CaseBranch {
  readonly when: Expr
  readonly then: Expr
}

/** Searched CASE. Each branch is evaluated only at the rows that reach it. */
export class CaseExpr extends Expr {
  override readonly kind = 'Case'
  readonly branches: readonly CaseBranch[]
  readonly otherwise: Expr | null
  override readonly type: DataType

  constructor(branches: readonly CaseBranch[], otherwise: Expr | null, type: DataType) {
    super()
    this.branches = branches
    this.otherwise = otherwise
    this.type = type
  }

  /** when, then, when, then, ..., and ELSE at the end where there is one. */
  override get children(): readonly Expr[] {
    const children = this.branches.flatMap((branch) => [branch.when, branch.then])
    return this.otherwise === null ? children : [...children, this.otherwise]
  }

  override get nullable(): boolean {
    return this.otherwise === null || this.otherwise.nullable || this.branches.some((branch) => branch.then.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    // oxlint-disable-next-line unicorn/no-thenable -- an expression is not awaited
    const branches = this.branches.map((_, i) => ({ when: children[2 * i]!, then: children[2 * i + 1]! }))
    return new CaseExpr(branches, this.otherwise === null ? null : children.at(-1)!, this.type)
  }

  override toString(): string {
    // oxlint-disable-next-line unicorn/no-thenable -- an expression is not awaited
    const branches = this.branches.map((branch) => `WHEN ${branch.when} THEN ${branch.then}`).join(' ')
    return `CASE ${branches}${this.otherwise === null ? '' : ` ELSE ${this.otherwise}`} END`
  }

  override attributes(): string {
    return `${typeKey(this.type)}:${this.otherwise !== null}`
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    let rows = selection ?? allRows(batch.length)
    const parts: BlendPart[] = []
    for (const { when, then } of this.branches) {
      if (rows.length === 0) break
      const taken = when.select(batch, rows, region)
      if (taken.length === 0) continue
      parts.push({ rows: taken, vector: then.evaluate(batch, taken, region) })
      rows = withoutRows(rows, taken, region)
    }
    if (this.otherwise !== null && rows.length > 0) {
      parts.push({ rows, vector: this.otherwise.evaluate(batch, rows, region) })
    }
    return blendVectors(this.type, batch.length, parts, region)
  }
}
