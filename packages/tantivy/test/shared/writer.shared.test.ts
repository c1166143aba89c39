import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  deleteDocuments,
  dumpIndex,
  IndexSchema,
  JsonDate,
  JsonFloat,
  MemoryDirectory,
  SegmentWriter,
  writeIndex,
  type InputDocument,
  type InputValue,
  type JsonInput,
} from '../../src/index.ts'
import { sampleDocuments, SAMPLE_SCHEMA } from '../sample-documents.ts'

const shared = process.env['VOLLEY_SHARED']
/** tantivy-judge built for SSTable dictionaries; `VOLLEY_JUDGE_FST` names the build for FST dictionaries. */
const judge = process.env['VOLLEY_JUDGE']
const judgeFst = process.env['VOLLEY_JUDGE_FST']
const noFixtures = shared === undefined ? ' (skipped: VOLLEY_SHARED does not name the folder of shared fixtures)' : ''
const noJudge = judge === undefined ? ' (skipped: VOLLEY_JUDGE does not name the tantivy-judge binary)' : ''

type Line = Record<string, unknown> & { kind: string }
type Tagged = { t: string; v: unknown }

function goldenLines(spec: string): Line[] {
  const folder = `${shared}/fixtures/tantivy/${spec}`
  const text = existsSync(`${folder}/dump.jsonl`)
    ? readFileSync(`${folder}/dump.jsonl`, 'utf8')
    : gunzipSync(readFileSync(`${folder}/dump.jsonl.gz`)).toString()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

function inputOf({ t, v }: Tagged): InputValue {
  switch (t) {
    case 'u64':
    case 'i64':
    case 'date':
      return BigInt(v as string)
    case 'f64':
      return Number(v)
    case 'bytes':
      return Uint8Array.from(Buffer.from(v as string, 'hex'))
    case 'ip':
      return addressOf(v as string)
    case 'facet':
      return `/${(v as string)
        .split('\0')
        .map((segment) => segment.replaceAll('/', '\\/'))
        .join('/')}`
    default:
      return v as string | boolean
  }
}

function jsonOf({ t, v }: Tagged): JsonInput {
  switch (t) {
    case 'u64':
    case 'i64':
      return BigInt(v as string)
    case 'f64':
      return new JsonFloat(Number(v))
    case 'date':
      return new JsonDate(BigInt(v as string))
    case 'null':
      return null
    case 'array':
      return (v as Tagged[]).map(jsonOf)
    case 'object':
      return Object.fromEntries((v as [string, Tagged][]).map(([key, item]) => [key, jsonOf(item)]))
    default:
      return v as string | boolean
  }
}

function addressOf(text: string): bigint {
  const mapped = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((part) => part.toString(16)).join(':'),
  )
  const [head, tail] = mapped.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const groups =
    tail === undefined ? head! : [...head!, ...Array<string>(8 - head!.length - tail.length).fill('0'), ...tail]
  return groups.reduce((address, group) => (address << 16n) | BigInt(parseInt(group, 16)), 0n)
}

function documentOf(line: Line, schema: IndexSchema): InputDocument {
  const document: Record<string, InputValue[]> = {}
  for (const [name, value] of line['fields'] as [string, Tagged][]) {
    const json = schema.field(name)!.type === 'json_object'
    ;(document[name] ??= []).push(json ? jsonOf(value) : inputOf(value))
  }
  return document
}

/** Lines to compare: those of fields whose values are all in the stored documents; integers of JSON under one tag. */
function comparable(lines: readonly Line[], fields: ReadonlySet<string>): unknown[] {
  const kept: unknown[] = []
  for (const line of lines) {
    if (line.kind === 'field' || line.kind === 'term' || line.kind === 'fieldnorms') {
      if (fields.has(line['field'] as string)) kept.push(line)
    } else if (line.kind === 'column') {
      if (fields.has((line['name'] as string).split('\u0001')[0]!)) kept.push(line)
    } else if (line.kind === 'doc') {
      // an InputDocument keeps the values of a field together
      const fields = [...(line['fields'] as [string, Tagged][])].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      kept.push({ ...line, fields: untagged(fields) })
    }
  }
  return kept
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged)
  if (typeof value !== 'object' || value === null) return value
  const { t, v } = value as Tagged
  return { t: t === 'u64' ? 'i64' : t, v: untagged(v) }
}

async function dumpLines(files: ReadonlyMap<string, Uint8Array>): Promise<Line[]> {
  const lines: Line[] = []
  for await (const line of dumpIndex(new MemoryDirectory(files))) lines.push(JSON.parse(line) as Line)
  return lines
}

function inFolder<T>(files: ReadonlyMap<string, Uint8Array>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'volley-writer-'))
  try {
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function runJudge(binary: string, command: string, folder: string): string {
  return execFileSync(binary, [command, folder], { encoding: 'utf8', maxBuffer: 1 << 28 })
}

/** Fields that hold what the stored documents do not show. */
const HIDDEN: Readonly<Record<string, readonly string[]>> = { 'basic-sst': ['pretok'], 'basic-fst': ['pretok'] }
const SPECS =
  'tiny-sst tiny-fst basic-sst types-sst types-fst facets-sst json-sst json-fst longterms-sst norms-sst multi3-sst multi3-fst storenone-fst'
/** Indexes whose values are in their columns alone. */
const COLUMN_SPECS = 'hicard-sst hicard-fst columns-fst bigcol-fst'

describe.skipIf(shared === undefined)(`documents of golden indexes, written again${noFixtures}`, () => {
  test.for(SPECS.split(' '))('%s', async (spec) => {
    const golden = goldenLines(spec)
    const header = golden.find((line) => line.kind === 'index')!
    const schema = IndexSchema.fromJson(header['schema'])
    const fields = new Set(
      schema.fields
        .filter(({ name, options }) => options.stored && !HIDDEN[spec]?.includes(name))
        .map(({ name }) => name),
    )
    expect(fields.size).toBeGreaterThan(0)
    const dictionary = spec.endsWith('-fst') ? 'fst' : 'sstable'
    const segments = golden
      .filter((line) => line.kind === 'segment')
      .map((segment) => {
        const writer = new SegmentWriter(schema, { dictionary, storeBlockSize: 500 })
        for (const line of golden) {
          if (line.kind === 'doc' && line['seg'] === segment['seg']) writer.add(documentOf(line, schema))
        }
        return writer.finish()
      })
    const files = writeIndex(segments, schema)
    const expected = comparable(golden, fields)
    expect(expected.length).toBeGreaterThan(3)
    expect(comparable(await dumpLines(files), fields)).toEqual(expected)
    const binary = dictionary === 'fst' ? judgeFst : judge
    if (binary === undefined) return
    inFolder(files, (folder) => {
      runJudge(binary, 'check', folder)
      const dumped = runJudge(binary, 'dump', folder).trim().split('\n')
      expect(
        comparable(
          dumped.map((line) => JSON.parse(line) as Line),
          fields,
        ),
      ).toEqual(expected)
    })
  })
})

/** Documents made of the values of columns. */
function documentsOfColumns(lines: readonly Line[], schema: IndexSchema): InputDocument[] {
  const maxDoc = lines.find((line) => line.kind === 'segment')!['max_doc'] as number
  const documents = Array.from({ length: maxDoc }, (): Record<string, InputValue[]> => ({}))
  for (const line of lines) {
    if (line.kind !== 'column') continue
    const name = line['name'] as string
    const { type } = schema.field(name)!
    const dictionary = (line['dict_hex'] as string[] | undefined)?.map((hex) => Buffer.from(hex, 'hex'))
    const docs = line['docs'] as number[] | undefined
    ;(line['vals'] as unknown[]).forEach((raw, row) => {
      const term = dictionary?.[raw as number]
      const value =
        term !== undefined
          ? type === 'bytes'
            ? Uint8Array.from(term)
            : term.toString()
          : inputOf({ t: type === 'ip_addr' ? 'ip' : type, v: type === 'bool' ? raw === 1 : raw })
      ;(documents[docs?.[row] ?? row]![name] ??= []).push(value)
    })
  }
  return documents
}

describe.skipIf(shared === undefined)(`columns of golden indexes, written again${noFixtures}`, () => {
  test.for(COLUMN_SPECS.split(' '))('%s', async (spec) => {
    const golden = goldenLines(spec)
    const schema = IndexSchema.fromJson(golden.find((line) => line.kind === 'index')!['schema'])
    const fields = new Set(schema.fields.filter(({ options }) => options.fast).map(({ name }) => name))
    const dictionary = spec.endsWith('-fst') ? 'fst' : 'sstable'
    const writer = new SegmentWriter(schema, { dictionary })
    for (const document of documentsOfColumns(golden, schema)) writer.add(document)
    const files = writeIndex([writer.finish()], schema)
    const expected = comparable(golden, fields)
    expect(expected.length).toBeGreaterThan(3)
    expect(comparable(await dumpLines(files), fields)).toEqual(expected)
    const binary = dictionary === 'fst' ? judgeFst : judge
    if (binary !== undefined) inFolder(files, (folder) => runJudge(binary, 'check', folder))
  })
})

describe.skipIf(judge === undefined)(`written indexes, judged by tantivy${noJudge}`, () => {
  test.for([
    ['sstable', judge],
    ['fst', judgeFst],
  ] as const)('%s: every type of field, several segments, deletes', async ([dictionary, binary], { skip }) => {
    if (binary === undefined) return skip('VOLLEY_JUDGE_FST does not name the binary')
    const segments = [700, 130, 1].map((count, k) => {
      const writer = new SegmentWriter(SAMPLE_SCHEMA, { dictionary })
      for (const document of sampleDocuments(count, k + 1)) writer.add(document)
      const segment = writer.finish()
      return k === 1 ? deleteDocuments(segment, [0, 64, 129], 7) : segment
    })
    const files = writeIndex(segments, SAMPLE_SCHEMA, { opstamp: 7, payload: 'sample' })
    const judged = inFolder(files, (folder) => {
      runJudge(binary, 'check', folder)
      return runJudge(binary, 'dump', folder).trim().split('\n')
    })
    const ours = await dumpLines(files)
    expect(ours.filter((line) => line.kind === 'term').length).toBeGreaterThan(1000)
    expect(ours).toEqual(judged.map((line) => JSON.parse(line) as unknown))
  })
})
