import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  deleteDocuments,
  dumpIndex,
  fieldNormCode,
  IndexSchema,
  InvalidDocumentError,
  JsonFloat,
  MemoryDirectory,
  openIndex,
  SegmentWriter,
  TokenizerManager,
  writeIndex,
  type InputDocument,
} from '../src/index.ts'
import { sampleDocuments, SAMPLE_SCHEMA } from './sample-documents.ts'

type Line = Record<string, unknown> & { kind: string }

async function dump(files: ReadonlyMap<string, Uint8Array>): Promise<Line[]> {
  const lines: Line[] = []
  for await (const line of dumpIndex(new MemoryDirectory(files))) lines.push(JSON.parse(line) as Line)
  return lines
}

async function write(
  schema: IndexSchema,
  documents: readonly InputDocument[],
  dictionary: 'sstable' | 'fst',
): Promise<Line[]> {
  const writer = new SegmentWriter(schema, { dictionary, storeBlockSize: 200 })
  documents.forEach((document, doc) => expect(writer.add(document)).toBe(doc))
  return dump(writeIndex([writer.finish()], schema))
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

const SMALL = IndexSchema.fromJson([
  {
    name: 'body',
    type: 'text',
    options: {
      indexing: { record: 'position', fieldnorms: true, tokenizer: 'whitespace' },
      stored: true,
      fast: { with_tokenizer: 'whitespace' },
    },
  },
  { name: 'n', type: 'i64', options: { indexed: true, fieldnorms: false, fast: true, stored: true } },
])

describe('segment writer', () => {
  test('what is read back is what brute force says of the documents', async () => {
    const word = fc.oneof(fc.constantFrom('a', 'b', 'ab', 'é'), fc.string({ minLength: 1, maxLength: 30 }))
    const document = fc.record({
      body: fc.array(
        fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
        { maxLength: 3 },
      ),
      n: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 2 }),
    })
    let terms = 0
    const repeated = fc.tuple(fc.array(document, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 90 }))
    await fc.assert(
      fc.asyncProperty(
        repeated,
        fc.constantFrom('sstable' as const, 'fst' as const),
        async ([base, times], dictionary) => {
          const documents = Array.from({ length: times }, () => base).flat()
          const lines = await write(SMALL, documents, dictionary)
          const expected = bruteForce(documents)
          const read = lines.filter((line) => line.kind === 'term' && line['field'] === 'body')
          expect(read.map(({ term, docs, tfs, pos }) => ({ term, docs, tfs, pos }))).toEqual(expected.terms)
          const norms = lines.find((line) => line.kind === 'fieldnorms' && line['field'] === 'body')!
          const codes = expected.lengths.map((length) => fieldNormCode(length).toString(16).padStart(2, '0'))
          expect(norms['ids']).toBe(codes.join(''))
          const numbers = lines.find((line) => line.kind === 'column' && line['name'] === 'n')!
          expect(numbers['vals']).toEqual(documents.flatMap(({ n }) => n.map(String)))
          const column = lines.find((line) => line.kind === 'column' && line['name'] === 'body')!
          const dictionaryTerms = column['dict_hex'] as string[]
          expect((column['vals'] as number[]).map((ordinal) => dictionaryTerms[ordinal])).toEqual(expected.tokens)
          const stored = lines.filter((line) => line.kind === 'doc').map((line) => line['fields'])
          expect(stored).toEqual(
            documents.map(({ body, n }) => [
              ...body.map((v) => ['body', { t: 'str', v }]),
              ...n.map((v) => ['n', { t: 'i64', v: String(v) }]),
            ]),
          )
          terms += expected.terms.length
        },
      ),
      { seed: 20260722, numRuns: 25 },
    )
    expect(terms).toBeGreaterThan(50)
  })

  test('an index of every type of field, with segments and deletes', async () => {
    const segments = [150, 20].map((count, k) => {
      const writer = new SegmentWriter(SAMPLE_SCHEMA, { id: String(k).repeat(32) })
      for (const document of sampleDocuments(count, k + 1)) writer.add(document)
      return writer.finish()
    })
    const deleted = deleteDocuments(deleteDocuments(segments[0]!, [1], 3), [0, 5, 5, 149], 4)
    const empty = new SegmentWriter(SAMPLE_SCHEMA).finish()
    const files = writeIndex([deleted, segments[1]!, empty], SAMPLE_SCHEMA, { opstamp: 4 })
    expect([...files.keys()].filter((name) => name.endsWith('.del'))).toEqual([`${'0'.repeat(32)}.4.del`])
    const index = await openIndex(new MemoryDirectory(files))
    expect(index.segments.map(({ maxDoc, numDocs }) => [maxDoc, numDocs])).toEqual([
      [150, 147],
      [20, 20],
    ])
    const lines = await dump(files)
    const columns = new Set(
      lines.filter((line) => line.kind === 'column').map((line) => `${line['name']} ${line['type']}`),
    )
    for (const column of [
      'json\u0001level str',
      'json\u0001nested\u0001x bool',
      'json\u0001a\u0001b datetime',
      'ip ip',
      'unused str',
    ]) {
      expect(columns).toContain(column)
    }
    expect(() => deleteDocuments(segments[1]!, [20], 5)).toThrow(RangeError)
  })

  test('numbers of a JSON path settle on one type; whole floats are told by JsonFloat', async () => {
    const schema = IndexSchema.fromJson([{ name: 'j', type: 'json_object', options: { fast: true, stored: true } }])
    const typeOf = async (...values: readonly (number | bigint | JsonFloat)[]): Promise<unknown> => {
      const lines = await write(
        schema,
        values.map((a) => ({ j: { a } })),
        'sstable',
      )
      return lines.find((line) => line.kind === 'column')!['type']
    }
    expect(await typeOf(1, -1n)).toBe('i64')
    expect(await typeOf(1, 2n ** 64n - 1n)).toBe('u64')
    expect(await typeOf(-1, 2n ** 64n - 1n)).toBe('f64')
    expect(await typeOf(1, 1.5)).toBe('f64')
    expect(await typeOf(new JsonFloat(1))).toBe('f64')
  })

  test('tokens of more than 65530 bytes are not indexed and not counted', async () => {
    const documents = [{ body: `${'x'.repeat(65531)} y` }, { body: 'x'.repeat(65530) }]
    const lines = await write(SMALL, documents, 'sstable')
    expect(lines.find((line) => line.kind === 'field')!['total_num_tokens']).toBe(2)
    const terms = lines.filter((line) => line.kind === 'term')
    expect(terms.map((line) => [(line['term'] as string).length / 2, line['pos']])).toEqual([
      [65530, [[0]]],
      [1, [[1]]],
    ])
  })

  test('a document that does not fit changes nothing', () => {
    const writer = new SegmentWriter(SMALL)
    for (const [document, message] of [
      [{ body: 'a', n: 1.5 }, 'field n: expected a bigint or a safe integer, found number 1.5'],
      [{ n: 2n ** 63n }, 'field n: 9223372036854775808 is out of range'],
      [{ body: 3 }, 'field body: expected a string, found number 3'],
      [{ other: 1 }, 'field other: the schema has no such field'],
    ] as const) {
      expect(() => writer.add(document)).toThrow(
        new InvalidDocumentError(message.slice(6, message.indexOf(':')), message.slice(message.indexOf(':') + 2)),
      )
    }
    expect(writer.maxDoc).toBe(0)
    expect(() => new SegmentWriter(SMALL, { tokenizers: new TokenizerManager() })).toThrow(
      'field body: there is no tokenizer named whitespace',
    )
  })
})

interface BruteForce {
  readonly terms: { term: string; docs: number[]; tfs: number[]; pos: number[][] }[]
  readonly lengths: number[]
  readonly tokens: string[]
}

function bruteForce(documents: readonly { body: string[] }[]): BruteForce {
  const found = new Map<string, Map<number, number[]>>()
  const lengths: number[] = []
  const tokens: string[] = []
  documents.forEach(({ body }, doc) => {
    let offset = 0
    let length = 0
    for (const text of body) {
      const words = text.split(/[ \t\n\f\r]+/).filter((word) => word !== '')
      words.forEach((word, position) => {
        const docs = found.get(word) ?? new Map<number, number[]>()
        found.set(word, docs)
        docs.set(doc, [...(docs.get(doc) ?? []), offset + position])
        tokens.push(hex(word))
      })
      offset += words.length + 1
      length += words.length
    }
    lengths.push(length)
  })
  const terms = [...found].map(([word, docs]) => ({
    term: hex(word),
    docs: [...docs.keys()],
    tfs: [...docs.values()].map((positions) => positions.length),
    pos: [...docs.values()],
  }))
  terms.sort((a, b) => (a.term < b.term ? -1 : 1))
  return { terms, lengths, tokens }
}
