import fc from 'fast-check'
import type { Corpus, MappingAge, SampleDocument } from '../../src/index.ts'

const MAX_I64 = (1n << 63n) - 1n
const MIN_I64 = -(1n << 63n)
const MAX_U64 = (1n << 64n) - 1n
const BEYOND_DOUBLE = (1n << 53n) + 1n
const DAY = 86_400_000n

/** Words of `body`; several share a token when cut at letters and digits. */
export const words = [
  'alpha',
  'beta',
  'Beta',
  'gamma',
  'delta7',
  'time-out',
  'pool',
  'ALPHA',
  'ε',
  'alpha.beta',
] as const
export const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'error'] as const
export const tags: readonly string[] = Array.from({ length: 15 }, (_, i) => `tag-${i}`)
export const signed = [MIN_I64, MIN_I64 + 1n, -BEYOND_DOUBLE, -1n, 0n, 1n, 2n, 3n, BEYOND_DOUBLE, MAX_I64 - 1n, MAX_I64]
export const unsigned = [0n, 1n, 2n, 3n, BEYOND_DOUBLE, MAX_I64, MAX_I64 + 1n, MAX_U64 - 1n, MAX_U64]
export const doubles = [-1.5e300, -1, -0, 0, 0.1, 1, 2, 1e-320, 1.5e300]
/** Around a day's end, and before 1970. */
export const times = [
  -1n,
  0n,
  1n,
  999n,
  1000n,
  DAY - 1n,
  DAY,
  DAY + 1n,
  20_000n * DAY,
  20_000n * DAY + 500n,
  20_001n * DAY,
]

function nullable<T>(values: fc.Arbitrary<T>, freq = 4): fc.Arbitrary<T | null> {
  return fc.option(values, { nil: null, freq })
}

const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

const attrs: fc.Arbitrary<NonNullable<SampleDocument['attrs']>> = fc
  .record(
    {
      host: fc.constantFrom('web-1', 'web-2', 'db'),
      code: fc.oneof(fc.constantFrom(200n, 404n, 500n), fc.constantFrom('200', 'none')),
      deep: fc.record({ ok: fc.boolean() }),
      'a.b': fc.constantFrom('x', 'y'),
    },
    { requiredKeys: [] },
  )
  .filter((value) => Object.keys(value).length > 0)

/** Documents but for their id, which is their place in the corpus. */
export const documents: fc.Arbitrary<Omit<SampleDocument, 'id'>> = fc.record({
  ts: oneOf(times),
  body: nullable(fc.array(oneOf(words), { minLength: 1, maxLength: 5 }).map((list) => list.join(' '))),
  level: nullable(oneOf(levels)),
  tag: nullable(oneOf(tags), 8),
  n: nullable(oneOf(signed)),
  u: nullable(oneOf(unsigned)),
  f: nullable(oneOf(doubles)),
  b: nullable(fc.boolean()),
  labels: nullable(fc.array(fc.constantFrom('red', 'green', 'blue'), { minLength: 1, maxLength: 3 })),
  counts: nullable(fc.array(oneOf(signed), { minLength: 1, maxLength: 3 })),
  note: nullable(fc.constantFrom('', 'kept', "it's kept", 'line\nbreak')),
  attrs: nullable(attrs),
  inner: nullable(oneOf(signed)),
  extra: nullable(fc.constantFrom('more', 'less')),
})

export interface CorpusOptions {
  readonly minDocs?: number
  readonly maxDocs?: number
  readonly maxSplits?: number
  readonly maxSegments?: number
  /** Whether some splits may have the older mapping. */
  readonly evolved?: boolean
}

/** Corpora with at least two splits that have two live documents each, so two workers get one each. */
export function corpora(options: CorpusOptions = {}): fc.Arbitrary<Corpus> {
  const { minDocs = 4, maxDocs = 120, maxSplits = 4, maxSegments = 4, evolved = true } = options
  const placed = fc.record({
    document: documents,
    split: fc.nat(maxSplits - 1),
    segment: fc.nat(maxSegments - 1),
    deleted: fc.integer({ min: 0, max: 5 }).map((k) => k === 5),
  })
  const age: fc.Arbitrary<MappingAge> = evolved
    ? fc.constantFrom('current', 'current', 'older')
    : fc.constant('current')
  return fc
    .record({
      placed: fc.array(placed, { minLength: minDocs, maxLength: maxDocs, size: 'max' }),
      ages: fc.array(age, { minLength: maxSplits, maxLength: maxSplits }),
    })
    .map(({ placed: list, ages }) => ({
      ages,
      placed: list.map(({ document, split, segment, deleted }, i) => ({
        document: { id: BigInt(i), ...document },
        split: i < 4 ? i % 2 : split,
        segment,
        deleted: i >= 4 && deleted,
      })),
    }))
}

/** The same documents every time. */
export function sampleDocuments(count: number, seed: number): SampleDocument[] {
  return fc.sample(documents, { numRuns: count, seed }).map((document, i) => ({ id: BigInt(i), ...document }))
}
