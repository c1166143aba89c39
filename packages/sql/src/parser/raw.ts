import { notSupported, type VolleyError } from '@volley/core'
import type { AstName, Position } from './ast.ts'
import type { Raw } from './sqlparser.ts'

/** Tag and payload of a variant. */
export function variant(raw: Raw): readonly [tag: string, payload: Raw] {
  if (typeof raw === 'string') return [raw, undefined]
  if (typeof raw !== 'object' || raw === null) return ['', raw]
  const tag = Object.keys(raw)[0] ?? ''
  return [tag, raw[tag]]
}

export function name(raw: Raw): AstName {
  const at = spanStart(raw.span)
  return { value: String(raw.value), quoted: raw.quote_style !== undefined && raw.quote_style !== null, at }
}

/** The parts of an object name. */
export function names(raw: Raw): AstName[] {
  return raw.map((part: Raw) => {
    const [tag, payload] = variant(part)
    if (tag !== 'Identifier') throw notSupported(`a name made by ${tag}`)
    return name(payload)
  })
}

function spanStart(span: Raw): Position | null {
  const start = span?.start
  return start !== undefined && start.line > 0 ? { line: Number(start.line), column: Number(start.column) } : null
}

/** Where the text of a node begins: the first span anywhere in it. */
export function positionOf(raw: Raw): Position | null {
  let best: Position | null = null
  const stack: Raw[] = [raw]
  while (stack.length > 0) {
    const node = stack.pop()
    if (typeof node !== 'object' || node === null) continue
    for (const [key, value] of Object.entries(node)) {
      const at = key === 'span' ? spanStart(value) : null
      if (at !== null && (best === null || at.line < best.line || (at.line === best.line && at.column < best.column)))
        best = at
      if (key !== 'span') stack.push(value)
    }
  }
  return best
}

export function unsupported(what: string, raw: Raw): VolleyError {
  const position = positionOf(raw)
  return position === null ? notSupported(what) : notSupported(what).about({ position })
}
