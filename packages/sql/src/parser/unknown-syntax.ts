import { TOKEN } from './guard.ts'

/** What a window frame leaves out. */
export type Exclusion = 'no_others' | 'current_row' | 'group' | 'ties'

const MARK = 'frame excludes '
/** Tokens that a window's text is looked for in. */
const MAX_WINDOW = 4096

/** The exclusion that a text put in by `rewriteUnknown` stands for, or null. */
export function exclusionOf(text: string): Exclusion | null {
  return text.startsWith(MARK) ? (text.slice(MARK.length) as Exclusion) : null
}

const EXCLUSIONS: Readonly<Record<string, Exclusion>> = {
  'current row': 'current_row',
  group: 'group',
  ties: 'ties',
  'no others': 'no_others',
}

interface Token {
  readonly text: string
  readonly word: string
  readonly start: number
}

/**
 * The text with marks in place of what the parser library does not know, at the same positions but for what stands inside
 * of a frame with EXCLUDE: that becomes one more key of the window's ORDER BY, `BETWEEN SYMMETRIC` the operator `!!`, and
 * a statement `TABLE t` begins with FROM.
 */
export function rewriteUnknown(sql: string): string {
  if (!/\b(?:exclude|symmetric|asymmetric)\b|(?:^|[;(])\s*table\b/i.test(sql)) return sql
  const tokens = tokensOf(sql)
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = []
  const replace = (from: Token, to: Token, text: string): void => {
    edits.push({ start: from.start, end: to.start + to.text.length, text })
  }
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const before = tokens[i - 1]
    if (before?.word === 'between' && (token.word === 'symmetric' || token.word === 'asymmetric')) {
      replace(token, token, (token.word === 'symmetric' ? '!!' : '').padEnd(token.text.length))
    } else if (token.word === 'table' && (before === undefined || before.text === ';' || before.text === '(')) {
      const next = tokens[i + 1]
      if (next !== undefined && /^[\p{L}_"]/u.test(next.text)) replace(token, token, 'from '.padEnd(token.text.length))
    } else if (token.word === 'exclude') {
      const words = [tokens[i + 1]?.word, tokens[i + 2]?.word].filter((word) => word !== '' && word !== undefined)
      const exclusion = EXCLUSIONS[words.join(' ')]
      const frame = exclusion === undefined ? null : frameBefore(tokens, i)
      if (exclusion === undefined || frame === null) continue
      const mark = `'${MARK}${exclusion}'`
      edits.push({ start: frame.start, end: frame.start, text: frame.ordered ? `, ${mark} ` : `ORDER BY ${mark} ` })
      replace(token, tokens[i + words.length]!, '')
    }
  }
  let text = sql
  for (const edit of edits.sort((a, b) => b.start - a.start)) {
    text = text.slice(0, edit.start) + edit.text + text.slice(edit.end)
  }
  return text
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  for (const match of sql.matchAll(new RegExp(TOKEN.source, 'gu'))) {
    const text = match[0]
    if (/^\s|^--/.test(text)) continue
    tokens.push({ text, word: /^[\p{L}_]/u.test(text) ? text.toLowerCase() : '', start: match.index })
  }
  return tokens
}

/** Where the frame that an EXCLUDE ends begins, and whether its window has an ORDER BY. */
function frameBefore(
  tokens: readonly Token[],
  at: number,
): { readonly start: number; readonly ordered: boolean } | null {
  let start = -1
  let depth = 0
  for (let i = at - 1; i >= Math.max(0, at - MAX_WINDOW); i--) {
    const { text, word } = tokens[i]!
    if (text === ')') depth++
    else if (text === '(') {
      if (depth-- === 0) break
    } else if (depth > 0) continue
    else if (start < 0 && /^(?:rows|range|groups)$/.test(word)) start = tokens[i]!.start
    else if (start >= 0 && word === 'order' && tokens[i + 1]?.word === 'by') return { start, ordered: true }
  }
  return start < 0 ? null : { start, ordered: false }
}
