import { ColumnExpr, type DocIdJoinExec, type ProjectionExec, transformExpr, visitExpr, type Expr } from '@volley/core'

/** Moves an expression below a projection: columns become the projection's inputs. Null when one of them is computed. */
export function belowProjection(expr: Expr, projection: ProjectionExec): Expr | null {
  let possible = true
  const moved = transformExpr(expr, (node) => {
    if (!(node instanceof ColumnExpr)) return node
    const source = projection.exprs[node.index]!
    if (!(source instanceof ColumnExpr)) possible = false
    return source
  })
  return possible ? moved : null
}

/** Which input of a doc-id join all columns of an expression come from, and the expression over that input. */
export function belowJoin(expr: Expr, join: DocIdJoinExec): { side: 0 | 1; expr: Expr } | null {
  const width = join.left.schema.fields.length
  let left = false
  let right = false
  visitExpr(expr, (node) => {
    if (!(node instanceof ColumnExpr)) return
    if (node.index < width) left = true
    else right = true
  })
  if (left && right) return null
  if (!right) return { side: 0, expr }
  const shifted = transformExpr(expr, (node) =>
    node instanceof ColumnExpr ? new ColumnExpr(node.index - width, node.name, node.type, node.nullable) : node,
  )
  return { side: 1, expr: shifted }
}
