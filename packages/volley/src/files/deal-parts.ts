import type { FilePart } from './file-format.ts'

/** Parts for each partition that are enough to be dealt whole. */
const MANY = 4

/**
 * The parts of files in `count` partitions, in order. Whole parts where there are many or their rows cannot be cut
 * (`ranges` false) or are not known; else runs of rows of equal number, for which parts are cut.
 */
export function dealParts(parts: readonly FilePart[], count: number, ranges: boolean): FilePart[][] {
  const rows = parts.map((part) => sizeOf(part))
  const cut = ranges && parts.length < count * MANY && parts.every((part) => part.rows !== null)
  const weights = cut ? rows : parts.map((part) => part.bytes)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const dealt: FilePart[][] = Array.from({ length: count }, () => [])
  const partitionOf = (weight: number): number =>
    total === 0 ? 0 : Math.min(count - 1, Math.floor((weight * count) / total))
  let before = 0
  for (const [i, part] of parts.entries()) {
    const weight = weights[i]!
    if (!cut) dealt[partitionOf(before + weight / 2)]!.push(part)
    else {
      const first = part.range?.[0] ?? 0
      for (let at = 0; at < weight;) {
        const partition = partitionOf(before + at)
        const bound = partition === count - 1 ? Infinity : Math.ceil(((partition + 1) * total) / count) - before
        const end = Math.min(weight, Math.max(bound, at + 1))
        const whole = at === 0 && end === weight && part.range === undefined
        dealt[partition]!.push(whole ? part : { ...part, range: [first + at, first + end] })
        at = end
      }
    }
    before += weight
  }
  return dealt
}

function sizeOf(part: FilePart): number {
  return part.range === undefined ? (part.rows ?? 0) : part.range[1] - part.range[0]
}
