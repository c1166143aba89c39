import { seeded } from '@volley/kernels/testing'
import { IndexSchema, JsonDate, type InputDocument, type InputValue, type JsonInput } from '../src/index.ts'

const text = (record: string, tokenizer: string, more: object = {}): object => ({
  indexing: { record, fieldnorms: record === 'position', tokenizer },
  stored: true,
  fast: false,
  ...more,
})
const value = (more: object = {}): object => ({ indexed: true, fieldnorms: false, fast: true, stored: true, ...more })

/** One field for each type and combination of options. */
export const SAMPLE_SCHEMA: IndexSchema = IndexSchema.fromJson([
  { name: 'body', type: 'text', options: text('position', 'default') },
  { name: 'words', type: 'text', options: text('freq', 'whitespace', { fast: { with_tokenizer: 'default' } }) },
  { name: 'tag', type: 'text', options: text('basic', 'raw', { fast: true }) },
  { name: 'u', type: 'u64', options: value() },
  { name: 'i', type: 'i64', options: value({ fieldnorms: true }) },
  { name: 'f', type: 'f64', options: value() },
  { name: 'b', type: 'bool', options: value() },
  { name: 'seconds', type: 'date', options: value({ precision: 'seconds' }) },
  { name: 'nanos', type: 'date', options: value({ precision: 'nanoseconds' }) },
  { name: 'ip', type: 'ip_addr', options: value() },
  { name: 'bytes', type: 'bytes', options: value() },
  {
    name: 'json',
    type: 'json_object',
    options: {
      stored: true,
      indexing: { record: 'position', fieldnorms: true, tokenizer: 'default' },
      fast: true,
      expand_dots_enabled: true,
    },
  },
  {
    name: 'search_only',
    type: 'json_object',
    options: {
      stored: false,
      indexing: { record: 'basic', fieldnorms: true, tokenizer: 'raw' },
      fast: false,
      expand_dots_enabled: false,
    },
  },
  { name: 'unused', type: 'text', options: text('position', 'default', { fast: true }) },
])

/** Numbers from 0 to below a bound that a seed determines. */
export function randomNumbers(seed: number): (below: number) => number {
  const next = seeded(seed * 0x9e3779b9)
  return (below) => Math.floor(next() * below)
}

const WORDS = ['alpha', 'Beta', 'gamma', 'delta-wave', 'ÉCOLE', '日本', 'error', 'timeout', '42', '']

/** Documents with missing and repeated values, extremes, and terms both rare and in blocks of postings. */
export function sampleDocuments(count: number, seed: number): InputDocument[] {
  const random = randomNumbers(seed)
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!
  const several = <T extends InputValue>(most: number, make: () => T): T[] =>
    Array.from({ length: random(most + 1) }, make)
  const sentence = (): string => Array.from({ length: 1 + random(12) }, () => pick(WORDS)).join(' ')
  const big = (): bigint => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32))
  const leaf = (): JsonInput =>
    pick<() => JsonInput>([
      sentence,
      () => random(2) === 0,
      () => random(1000) - 500,
      () => random(1000) / 8,
      big,
      () => new JsonDate(BigInt(random(2 ** 31)) * 1_000_000_123n),
      () => null,
      () => [random(5), pick(WORDS), { deeper: random(3) }],
    ])()
  return Array.from({ length: count }, (_, doc) => ({
    body: several(3, sentence),
    words: random(4) === 0 ? undefined : sentence(),
    tag: several(2, () => `tag ${random(900)}`),
    u: random(3) === 0 ? undefined : pick([0n, 2n ** 64n - 1n, BigInt(doc), big()]),
    i: pick([-(2n ** 63n), 2n ** 63n - 1n, BigInt(-doc), 7n]),
    f: several(2, () => pick([-0, 0, 1.5, -1e300, Infinity, random(1000) / 3])),
    b: random(2) === 0,
    seconds: several(1, () => BigInt(random(2 ** 31) - 2 ** 30) * 1_234_567_891n),
    nanos: BigInt(doc) * 1_000n,
    ip: several(1, () => (random(2) === 0 ? (0xffffn << 32n) | BigInt(random(2 ** 32)) : (big() << 64n) | big())),
    bytes: several(1, () => Uint8Array.of(random(256), random(256), random(4))),
    json: several(2, () => ({ level: pick(WORDS), 'a.b': leaf(), nested: { x: leaf(), list: [leaf(), leaf()] } })),
    search_only: [sentence(), random(9), { k: leaf() }],
  }))
}
