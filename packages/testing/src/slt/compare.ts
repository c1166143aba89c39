import type { SortMode } from './parse.ts'

const RELATIVE = 1e-12

/** What is different between an answer and the expected lines, or null. A row is its cells with a space between. */
export function differenceFrom(
  expected: readonly string[],
  rows: readonly (readonly string[])[],
  sort: SortMode,
): string | null {
  const cells = sort === 'valuesort' ? rows.flat().map((cell) => [cell]) : rows
  const actual = cells.flatMap((row) => row.join(' ').split('\n')).map(normal)
  const wanted = expected.map(normal)
  const hashed = /^(\d+) values hashing to [0-9a-f]{32}$/.exec(wanted[0] ?? '')
  if (hashed !== null) return rows.flat().length === Number(hashed[1]) ? null : 'another number of values'
  if (sort !== 'nosort') {
    actual.sort()
    wanted.sort()
  }
  if (actual.length !== wanted.length) {
    return `${actual.length} lines, not ${wanted.length}: ${JSON.stringify(actual.slice(0, 3))} not ${JSON.stringify(wanted.slice(0, 3))}`
  }
  const at = wanted.findIndex((line, i) => !sameLine(line, actual[i]!))
  return at < 0 ? null : `line ${at + 1} is ${JSON.stringify(actual[at])}, not ${JSON.stringify(wanted[at])}`
}

function normal(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ')
}

function sameLine(expected: string, actual: string): boolean {
  if (expected === actual) return true
  if (expected.includes('<slt:ignore>')) return matchesParts(expected.split('<slt:ignore>'), actual)
  const [wanted, found] = [expected.split(' '), actual.split(' ')]
  return wanted.length === found.length && wanted.every((token, i) => sameToken(token, found[i]!))
}

/** Whether the text has the parts in order, the first at its start and the last at its end. */
function matchesParts(parts: readonly string[], text: string): boolean {
  let at = 0
  for (const [i, part] of parts.entries()) {
    const found = text.indexOf(part.trim(), at)
    if (found < 0 || (i === 0 && found > 0)) return false
    at = found + part.trim().length
  }
  const last = parts.at(-1)!.trim()
  return text.endsWith(last)
}

/** Floating-point numbers may differ in the last digits. */
function sameToken(expected: string, actual: string): boolean {
  if (expected === actual) return true
  const number = /^[[{]*-?\d+\.\d+(?:e-?\d+)?[\]},]*$/
  if (!number.test(expected) && !number.test(actual)) return false
  const [a, b] = [expected, actual].map((token) => Number(token.replaceAll(/[[\]{},]/g, '')))
  if (expected.replace(/-?[\d.e-]+/, '') !== actual.replace(/-?[\d.e-]+/, '')) return false
  return Math.abs(a! - b!) <= RELATIVE * Math.max(Math.abs(a!), Math.abs(b!))
}
