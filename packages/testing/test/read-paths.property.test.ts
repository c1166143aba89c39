import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DocMapping } from '@volley/splits'
import type { JsonInput } from '@volley/tantivy'
import { queryRows, type MappedSplit, type RowValue } from '../src/index.ts'
import { analyzed, counter } from './support/counters.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

const mappings = [{ fast: true, expand_dots: true }, { fast: true, expand_dots: false }, { fast: false }].map(
  (options) =>
    DocMapping.fromJson({
      mode: 'strict',
      field_mappings: [
        { name: 'id', type: 'u64', fast: true },
        { name: 'kind', type: 'text', tokenizer: 'raw', fast: true },
        { name: 'attrs', type: 'json', tokenizer: 'raw', ...options },
      ],
    }),
)

const words = ['x', 'y', 'xy', '', '1', '1.0', 'true', 'é', '\uFEFFx', '["x"]', '2020-01-01T00:00:00Z', 'x'.repeat(255)]
const word = fc.constantFrom(...words)
const scalar: fc.Arbitrary<JsonInput> = fc.oneof(
  { weight: 6, arbitrary: word },
  fc.constantFrom<JsonInput>(0n, 1n, -7n, 12n, 2n ** 63n, 0.5, 1e300, -2.25, true, false, null),
)
const value: fc.Arbitrary<JsonInput> = fc.oneof(
  { weight: 8, arbitrary: scalar },
  fc.constantFrom<JsonInput>({}, []),
  fc.array(scalar, { minLength: 1, maxLength: 2 }),
  fc.record({ k: scalar, 'a.b': scalar }, { requiredKeys: [] }),
)
const attributes = fc.option(fc.record({ p: value, 'a.b': value, a: fc.record({ b: value }) }, { requiredKeys: [] }))
const documents = fc.array(fc.record({ attrs: attributes, deleted: fc.boolean() }), { minLength: 4, maxLength: 14 })
const corpora = fc.array(
  fc.record({ mapping: fc.constantFrom(...mappings), segments: fc.array(documents, { minLength: 1, maxLength: 2 }) }),
  { minLength: 1, maxLength: 3 },
)

const paths: readonly { readonly sql: string; readonly steps: readonly (string | number)[] }[] = [
  { sql: `attrs->>'p'`, steps: ['p'] },
  { sql: `attrs->>'a.b'`, steps: ['a.b'] },
  { sql: `attrs->'a'->>'b'`, steps: ['a', 'b'] },
  { sql: `attrs->'p'->>0`, steps: ['p', 0] },
  { sql: `attrs->'p'->>'k'`, steps: ['p', 'k'] },
  { sql: `_source->'attrs'->>'p'`, steps: ['p'] },
]

/** Each path read from the documents, behind the other columns, and filtered above. */
const off = { resident_paths: 'off', 'rules.PathColumns': 'off', 'rules.FastFieldFilterPushdown': 'off' }

/** Queries of a path `p` over a table `t`, in an order of their own. */
const queries: readonly ((p: string, t: string) => string)[] = [
  (p, t) => `SELECT id, ${p} FROM ${t} ORDER BY id`,
  (p, t) => `SELECT ${p}, count(*) FROM ${t} GROUP BY 1 ORDER BY 1`,
  (p, t) => `SELECT kind, ${p}, count(*), max(id) FROM ${t} GROUP BY 1, 2 ORDER BY 1, 2`,
  (p, t) => `SELECT DISTINCT ${p} FROM ${t} ORDER BY 1`,
  (p, t) => `SELECT count(DISTINCT ${p}), count(${p}), min(${p}), max(${p}) FROM ${t}`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} = 'x' ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} = '1' OR ${p} = 'true' ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} IN ('-7', '12', '1e300', '9223372036854775808') ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} <> 'x' ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} IN ('x', '1', '["x"]', '0.5') ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} NOT IN ('x', '1') AND kind = 'b' ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} IS NULL ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} LIKE '%x%' OR kind = 'a' ORDER BY id`,
  (p, t) => `SELECT id FROM ${t} WHERE ${p} > '1' AND ${p} <= 'x' ORDER BY id`,
  (p, t) => `SELECT id, ${p} FROM ${t} ORDER BY ${p} DESC NULLS LAST, id LIMIT 5`,
  (p, t) => `SELECT ${p} FROM ${t} ORDER BY ${p} NULLS FIRST LIMIT 7`,
  (p, t) => `SELECT sum(CASE WHEN ${p} ~ '^[0-9]+$' THEN (${p})::numeric END) FROM ${t}`,
  (p, t) => `SELECT count(*) FROM ${t} WHERE TRY_CAST(${p} AS double) >= 0.5`,
  (p, t) => `SELECT a.id, b.id FROM ${t} a JOIN ${t} b ON a.${p} = b.${p} ORDER BY 1, 2`,
]

describe('texts at JSON paths that stay with open splits', () => {
  test('are those of the documents, whatever was read before', { timeout: 120_000 * MORE }, async () => {
    let [ofColumns, unread, kept] = [0, 0, 0]
    await fc.assert(
      fc.asyncProperty(
        corpora,
        fc.shuffledSubarray([...queries], { minLength: 4, maxLength: 4 }),
        fc.shuffledSubarray([...paths], { minLength: 2, maxLength: 2 }),
        fc.record({ target_partitions: fc.constantFrom(1, 3), batch_size: fc.constantFrom(3, 4096) }),
        async (corpus, chosen, read, settings) => {
          let id = 0n
          const live: { id: bigint; attrs: JsonInput }[] = []
          const splits = corpus.map(({ mapping, segments }): MappedSplit => {
            const written = segments.map((segment) =>
              segment.map(({ attrs, deleted }) => {
                const input = { id: id++, kind: id % 3n === 0n ? 'a' : 'b', ...(attrs === null ? {} : { attrs }) }
                if (!deleted) live.push({ id: input.id, attrs })
                return { input, deleted }
              }),
            )
            return { mapping, segments: written }
          })
          const { indexId } = await sessions.tree.publishMapped(mappings[0]!, splits)
          const table = `"${indexId}"`
          for (const { sql, steps } of read) {
            const texts = live.map((document): RowValue[] => [document.id, textAt(document.attrs, steps)])
            for (const query of [queries[0]!, ...chosen]) {
              const text = query(sql, table)
              const fromDocuments = await queryRows(sessions.local, text, { ...settings, ...off })
              if (query === queries[0]) expect(fromDocuments).toEqual(texts)
              for (let run = 0; run < 2; run++) {
                expect(await queryRows(sessions.local, text, settings), text).toEqual(fromDocuments)
              }
              expect(await queryRows(sessions.workers, text, settings), text).toEqual(fromDocuments)
            }
            const plan = await analyzed(sessions.local, queries[1]!(sql, table), settings)
            ofColumns += counter(plan, 'columns_by_read_path')
            unread += +(counter(plan, 'docs_fetched') === 0)
            kept += 1
          }
        },
      ),
      { numRuns: 2 * MORE, endOnFailure: true },
    )
    expect(kept).toBeGreaterThan(0)
    expect(unread).toBeGreaterThan(kept / 2)
    expect(ofColumns).toBeGreaterThan(kept)
  })
})

/** What `->` along some steps and `->>` at last give. */
function textAt(attrs: JsonInput, steps: readonly (string | number)[]): string | null {
  let at: JsonInput = attrs
  for (const step of steps) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== (typeof step === 'number')) return null
    at = (at as Readonly<Record<string | number, JsonInput>>)[step]
  }
  return at === null || at === undefined ? null : typeof at === 'string' ? at : jsonOf(at)
}

function jsonOf(value: JsonInput): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return value === 1e300 ? '1e300' : String(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${jsonOf(member as JsonInput)}`)
    .join(',')}}`
}
