import type { AstName } from '../parser/ast.ts'

/** An identifier as PostgreSQL looks it up: lower case unless quoted. */
export function fold(name: AstName): string {
  return name.quoted ? name.value : name.value.toLowerCase()
}

export function foldPath(parts: readonly AstName[]): string {
  return parts.map(fold).join('.')
}

/** `; did you mean "x"?` for the candidate that is nearest to what was written; empty when none is near. */
export function didYouMean(written: string, candidates: Iterable<string>): string {
  const limit = Math.max(1, Math.floor(written.length / 3))
  let best: string | null = null
  let bestDistance = limit + 1
  for (const candidate of candidates) {
    if (candidate === '') continue
    const distance =
      candidate.toLowerCase() === written.toLowerCase()
        ? 0
        : editDistance(written.toLowerCase(), candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best === null ? '' : `; did you mean "${best}"?`
}

/** Damerau's distance of neighbouring letters, as far as `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      current.push(cost)
    }
    before = previous
    previous = current
  }
  return previous[b.length]!
}
