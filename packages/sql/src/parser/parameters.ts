import { SqlState } from '@volley/core'
import type { DataType } from 'apache-arrow'
import { sqlError } from '../binder/errors.ts'
import type { AstExpr, AstStatement } from './ast.ts'

/** What stands for `$1`, `$2`, ...: constants by number, and by name for `$name`. */
export interface Parameters {
  readonly values: readonly AstExpr[]
  readonly types?: readonly DataType[]
  readonly named?: ReadonlyMap<string, AstExpr>
}

/**
 * The statement with constants in place of its parameters. `?` counts from the left.
 *
 * @throws VolleyError 42P02 for a parameter without a value
 */
export function withParameters<S extends AstStatement>(statement: S, parameters: Parameters): S {
  let position = 0
  const replace = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node
    if (Array.isArray(node)) return mapped(node, replace)
    if (Object.getPrototypeOf(node) !== Object.prototype) return node
    const expr = node as AstExpr
    if (expr.kind === 'placeholder') return valueOf(expr, parameters, () => ++position)
    const entries = Object.entries(node)
    const changed = mapped(
      entries.map(([, child]) => child as unknown),
      replace,
    )
    if (changed.every((child, i) => child === entries[i]![1])) return node
    return Object.fromEntries(entries.map(([key], i) => [key, changed[i]]))
  }
  return replace(statement) as S
}

function mapped(items: readonly unknown[], replace: (node: unknown) => unknown): readonly unknown[] {
  const changed = items.map(replace)
  return changed.every((item, i) => item === items[i]) ? items : changed
}

function valueOf(
  ast: Extract<AstExpr, { kind: 'placeholder' }>,
  parameters: Parameters,
  nextPosition: () => number,
): AstExpr {
  const name = ast.name.replace(/^[$:@]/, '')
  const number = ast.name === '?' ? nextPosition() : /^\d+$/.test(name) ? Number(name) : null
  const value = number === null ? parameters.named?.get(name) : parameters.values[number - 1]
  if (value === undefined) throw sqlError('42P02', `there is no parameter ${ast.name}`, ast.at)
  const type = number === null ? undefined : parameters.types?.[number - 1]
  return type === undefined ? value : { kind: 'cast', operand: value, type, safe: false, at: ast.at }
}

/**
 * A value of JavaScript as a constant.
 *
 * @throws VolleyError 22023 for what is no number, text, boolean, bytes, Date or null
 */
export function constantOf(value: unknown): AstExpr {
  const at = null
  if (value === null || value === undefined) return { kind: 'null', at }
  switch (typeof value) {
    case 'boolean':
      return { kind: 'boolean', value, at }
    case 'bigint':
      return { kind: 'number', text: String(value), at }
    case 'number':
      return Number.isFinite(value)
        ? { kind: 'number', text: String(value), at }
        : { kind: 'string', text: String(value), at }
    case 'string':
      return { kind: 'string', text: value, at }
  }
  if (value instanceof Date) return { kind: 'string', text: value.toISOString(), at }
  if (value instanceof Uint8Array) return { kind: 'bytes', hex: hexOf(value), at }
  if (Array.isArray(value)) return { kind: 'array', elements: value.map(constantOf), at }
  throw sqlError(SqlState.invalidParameterValue, `a parameter cannot be ${Object.prototype.toString.call(value)}`, at)
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
