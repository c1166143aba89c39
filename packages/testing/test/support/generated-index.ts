import type { DocMappingJson, FieldMappingJson } from '@volley/metastore'
import { DocMapping } from '@volley/splits'
import { JsonFloat, type InputDocument, type InputValue, type JsonInput } from '@volley/tantivy'
import fc from 'fast-check'
import type { MappedDocument, MappedSplit } from '../../src/index.ts'

export type Kind = 'u64' | 'i64' | 'f64' | 'bool' | 'datetime' | 'ip' | 'bytes' | 'text' | 'json'
export type Precision = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/** A field as one mapping has it. */
export interface FieldSpec {
  /** Steps from the document's root; one may hold a dot. */
  readonly path: readonly string[]
  readonly kind: Kind
  readonly array: boolean
  readonly fast: boolean
  readonly stored: boolean
  readonly indexed: boolean
  readonly tokenizer: 'raw' | 'default' | 'lowercase'
  readonly lowercase: boolean
  readonly precision: Precision
  /** Whether the split lists its values as tags. */
  readonly tag: boolean
}

/** A value as a document has it. */
export type Value =
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'date'; readonly value: bigint }
  | { readonly kind: 'ip'; readonly value: bigint }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'str'; readonly value: string }
  | { readonly kind: 'json'; readonly value: JsonInput }

/** What a column gives: as a session does, but for dates, which are nanoseconds. */
export type Cell = null | bigint | number | boolean | string | readonly Cell[]

/** An index whose mapping, documents and splits were generated, and what its table holds. */
export interface GeneratedIndex {
  readonly mapping: DocMapping
  readonly fields: readonly FieldSpec[]
  readonly splits: readonly MappedSplit[]
  /** Of each live document: its number, the cell of each field, and the values that its split has of each. */
  readonly rows: readonly GeneratedRow[]
  /** How a field of the mapping differs from a split's, by how often. */
  readonly changes: ReadonlyMap<string, number>
}

export interface GeneratedRow {
  readonly id: bigint
  readonly cells: readonly Cell[]
  readonly searched: readonly (readonly string[])[]
}

const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n
const NANOS: Readonly<Record<Precision, bigint>> = {
  seconds: 1_000_000_000n,
  milliseconds: 1_000_000n,
  microseconds: 1000n,
  nanoseconds: 1n,
}
const DAY = 86_400_000_000_000n

const ints = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 6n }) },
  { weight: 1, arbitrary: fc.constantFrom((1n << 53n) + 1n, I64_MAX, I64_MAX - 1n) },
)
const signed = fc.oneof({ weight: 3, arbitrary: ints }, fc.constantFrom(-1n, -3n, I64_MIN, I64_MIN + 1n))
const unsigned = fc.oneof({ weight: 3, arbitrary: ints }, fc.constantFrom(U64_MAX, I64_MAX + 1n))
const floats = fc.constantFrom(-0, 0, 1, 2, 3, -1, 0.5, -1.5, 1e-320, 1e300, NaN, Infinity, -Infinity, 2 ** 53)
const dates = fc
  .tuple(
    fc.constantFrom(0n, DAY, -DAY, 20_000n * DAY, 19_805n * DAY + 3_600_000_000_000n),
    fc.constantFrom(0n, 1n, -1n, 1_000n, 999_999_999n, 1_500_000_000n, -1_500_000n, 3_600_000_000_000n),
  )
  .map(([day, rest]) => day + rest)
const addresses = fc.constantFrom(
  0xffff_0a00_0001n,
  0xffff_0a00_0002n,
  1n,
  0x2001_0db8_0000_0000_0000_0000_0000_0001n,
  (1n << 128n) - 1n,
)
const bytes = fc.constantFrom('', 'a', 'ab', 'zz', '\u0001').map((text) => new TextEncoder().encode(text))
export const texts = [
  'alpha',
  'Alpha',
  'alpha beta',
  'beta alpha',
  'a_b',
  'a%b',
  'axb',
  'ÄÖ ε',
  'äö ε',
  'true',
  '7',
  '-3',
  '1.5',
  '',
  'line\nbreak',
  'back\\slash',
  "it's",
  'x'.repeat(300),
  'x'.repeat(254),
] as const

const scalarJson: fc.Arbitrary<JsonInput> = fc.oneof(
  fc.constantFrom<JsonInput>('alpha', 'beta', 'a_b', '', 'true', '3', '2024-01-02T03:04:05Z'),
  fc.constantFrom<JsonInput>(0n, 1n, 3n, -1n, U64_MAX, I64_MIN),
  fc.constantFrom<JsonInput>(0.5, -1.5, new JsonFloat(3), 1e300),
  fc.boolean(),
  fc.constant(null),
)
const json: fc.Arbitrary<JsonInput> = fc.record(
  {
    a: fc.oneof({ weight: 4, arbitrary: scalarJson }, fc.array(scalarJson, { maxLength: 2 })),
    'b.c': scalarJson,
    b: fc.record({ c: scalarJson, d: fc.constantFrom<JsonInput>({}, [], 'alpha') }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)

/** Paths into what `json` makes. */
export const JSON_PATHS = ["->>'a'", "->>'b.c'", "->'b'->>'c'", "->'b'->>'d'", "->'a'->>0", "->>'none'"] as const

function valueOf(kind: Kind): fc.Arbitrary<Value> {
  const of = <T, K extends Value['kind']>(name: K, values: fc.Arbitrary<T>): fc.Arbitrary<Value> =>
    values.map((value) => ({ kind: name, value }) as unknown as Value)
  switch (kind) {
    case 'u64':
      return of('int', unsigned)
    case 'i64':
      return of('int', signed)
    case 'f64':
      return of('float', floats)
    case 'bool':
      return of('bool', fc.boolean())
    case 'datetime':
      return of('date', dates)
    case 'ip':
      return of('ip', addresses)
    case 'bytes':
      return of('bytes', bytes)
    case 'text':
      return of('str', fc.constantFrom(...texts))
    case 'json':
      return of('json', json)
  }
}

const KINDS: readonly Kind[] = ['u64', 'i64', 'f64', 'bool', 'datetime', 'ip', 'bytes', 'text', 'text', 'json']

/** Kinds that a field of a kind may have been before. */
const BEFORE: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  u64: ['text', 'i64', 'f64'],
  i64: ['u64', 'text', 'f64'],
  f64: ['u64', 'i64', 'text'],
  text: ['u64', 'i64', 'f64', 'bool', 'datetime', 'ip', 'bytes'],
  bool: ['text'],
  datetime: ['text', 'i64'],
  ip: ['text'],
  json: ['text', 'i64', 'f64', 'bool'],
}

const precisions = fc.constantFrom<Precision>('seconds', 'milliseconds', 'microseconds', 'nanoseconds')

const fieldAt = (i: number): fc.Arbitrary<FieldSpec> =>
  fc
    .record({
      kind: fc.constantFrom(...KINDS),
      array: fc.integer({ min: 0, max: 3 }).map((k) => k === 0),
      fast: fc.integer({ min: 0, max: 3 }).map((k) => k > 0),
      stored: fc.integer({ min: 0, max: 3 }).map((k) => k > 0),
      indexed: fc.integer({ min: 0, max: 3 }).map((k) => k > 0),
      tokenizer: fc.constantFrom('raw', 'default', 'lowercase'),
      lowercase: fc.integer({ min: 0, max: 3 }).map((k) => k === 0),
      precision: precisions,
      tag: fc.boolean(),
    })
    .map((spec): FieldSpec => {
      const path = i === 1 ? ['o', 'in'] : i === 2 ? ['k.d'] : [`f${i}`]
      // JSON comes from the document; what is neither fast nor stored cannot be selected.
      const stored = spec.stored || !spec.fast || spec.kind === 'json'
      const indexed = spec.indexed || spec.kind === 'text'
      const tag = spec.tag && taggable(spec.kind, spec.tokenizer)
      return { ...(spec as FieldSpec), path, stored, indexed, tag }
    })

/** The index's time, which every document has. */
const timeField: fc.Arbitrary<FieldSpec> = precisions.map((precision) => ({
  path: ['ts'],
  kind: 'datetime',
  array: false,
  fast: true,
  stored: true,
  indexed: true,
  tokenizer: 'raw',
  lowercase: false,
  precision,
  tag: false,
}))

const isTime = ({ path }: FieldSpec): boolean => path[0] === 'ts'

const taggable = (kind: Kind, tokenizer: string): boolean =>
  kind === 'u64' || kind === 'i64' || (kind === 'text' && tokenizer === 'raw')

/** How a split has a field: as the mapping does, otherwise, or not at all (null). */
const older = (field: FieldSpec): fc.Arbitrary<FieldSpec | null> => {
  const change = (values: fc.Arbitrary<Partial<FieldSpec>>): fc.Arbitrary<FieldSpec> =>
    values.map((changed): FieldSpec => {
      const next = { ...field, ...changed }
      return { ...next, tag: next.tag && taggable(next.kind, next.tokenizer) }
    })
  const before = BEFORE[field.kind]
  if (isTime(field)) return change(fc.record({ precision: precisions, stored: fc.boolean() }))
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(field) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: change(fc.constant({ array: !field.array })) },
    { weight: 1, arbitrary: change(fc.constant({ fast: !field.fast, stored: true })) },
    {
      weight: 1,
      arbitrary: change(
        fc.constant({ stored: !field.stored, fast: true, ...(field.kind === 'json' && { stored: true }) }),
      ),
    },
    {
      weight: 1,
      arbitrary: change(
        fc.record({ precision: precisions, tokenizer: fc.constantFrom('raw', 'default', 'lowercase') }),
      ),
    },
    {
      weight: before === undefined ? 0 : 2,
      arbitrary: change(
        fc
          .record({ kind: fc.constantFrom<Kind>(...(before ?? ['text'])), fast: fc.boolean() })
          .map(({ kind, fast }) => ({
            kind,
            fast,
            stored: field.stored || !fast,
          })),
      ),
    },
  )
}

function mappingOf(fields: readonly FieldSpec[], uid: number): DocMapping {
  const leaf = (field: FieldSpec): FieldMappingJson => ({
    name: field.path.at(-1)!,
    type: field.array ? `array<${field.kind}>` : field.kind,
    fast: field.fast && field.kind === 'text' ? { normalizer: field.lowercase ? 'lowercase' : 'raw' } : field.fast,
    stored: field.stored,
    indexed: field.indexed,
    ...(field.kind === 'text' && { tokenizer: field.tokenizer, record: 'position' }),
    ...(field.kind === 'datetime' && { fast_precision: field.precision }),
  })
  const json: DocMappingJson = {
    doc_mapping_uid: `01J0000000000000000000${String(uid).padStart(4, '0')}`,
    mode: 'dynamic',
    store_source: false,
    timestamp_field: 'ts',
    tag_fields: fields.filter(({ tag, indexed }) => tag && indexed).map(tantivyName),
    field_mappings: [
      { name: 'id', type: 'u64', fast: true },
      ...fields.map((field) =>
        field.path.length === 1 ? leaf(field) : { name: field.path[0]!, type: 'object', field_mappings: [leaf(field)] },
      ),
    ],
  }
  return DocMapping.fromJson(json)
}

function tantivyName({ path }: FieldSpec): string {
  return path.map((step) => step.replaceAll('.', '\\.')).join('.')
}

/** Name of a field's column, as SQL quotes it. */
export function columnName({ path }: FieldSpec): string {
  return `"${path.join('.')}"`
}

interface Placed {
  readonly split: number
  readonly segment: number
  readonly deleted: boolean
  /** Of each field: picks of values, by the kind that its split has. */
  readonly picks: readonly (readonly number[])[]
}

export interface GeneratedOptions {
  readonly fields?: number
  readonly maxDocs?: number
}

/** Values of each kind, which documents pick from. */
const POOL: ReadonlyMap<Kind, readonly Value[]> = new Map(
  [...new Set(KINDS)].map((kind) => [kind, fc.sample(valueOf(kind), { numRuns: 60, seed: 11 })]),
)

/** Indexes of any mapping, with splits of older mappings, deleted documents, and several segments. */
export function generatedIndexes({
  fields: most = 6,
  maxDocs = 40,
}: GeneratedOptions = {}): fc.Arbitrary<GeneratedIndex> {
  return fc
    .tuple(
      fc
        .integer({ min: 3, max: most })
        .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => fieldAt(i)), timeField)),
      fc.integer({ min: 2, max: 4 }),
    )
    .chain(([fields, splits]) =>
      fc.record({
        fields: fc.constant(fields),
        versions: fc.array(fc.tuple(...fields.map(older)), { minLength: splits - 1, maxLength: splits - 1 }),
        placed: fc.array(
          fc.record({
            split: fc.nat(splits - 1),
            segment: fc.nat(2),
            deleted: fc.integer({ min: 0, max: 6 }).map((k) => k === 0),
            picks: fc.tuple(
              ...fields.map((field) =>
                fc.oneof(
                  { weight: isTime(field) ? 0 : 1, arbitrary: fc.constant<number[]>([]) },
                  { weight: 5, arbitrary: fc.array(fc.nat(59), { minLength: 1, maxLength: 3 }) },
                ),
              ),
            ),
          }),
          { minLength: 8, maxLength: maxDocs, size: 'max' },
        ),
      }),
    )
    .map(({ fields, versions, placed }) => indexOf(fields, [fields, ...versions], placed))
}

function indexOf(
  fields: readonly FieldSpec[],
  versions: readonly (readonly (FieldSpec | null)[])[],
  placed: readonly Placed[],
): GeneratedIndex {
  const bySplit = versions.map((): Map<number, MappedDocument[]> => new Map())
  const rows: GeneratedRow[] = []
  const changes = new Map<string, number>()
  for (const [i, { split, segment, deleted, picks }] of placed.entries()) {
    const version = versions[split]!
    const input: Record<string, InputDocument[string]> = { id: BigInt(i) }
    const dynamic: Record<string, JsonInput> = {}
    const cells: Cell[] = []
    const searched: (readonly string[])[] = []
    for (const [f, field] of fields.entries()) {
      const own = version[f]!
      const pool = POOL.get((own ?? field).kind)!
      const values = picks[f]!.slice(0, (own ?? field).array ? 3 : 1).map((pick) => pool[pick]!)
      if (own === null) {
        if (values.length > 0) addDynamic(dynamic, field.path, values)
      } else if (values.length > 0) {
        const list = values.map(({ value }) => value as InputValue)
        input[tantivyName(own)] = list.length === 1 && !own.array ? list[0]! : list
      }
      cells.push(cellOf(field, own, values))
      searched.push(
        values.flatMap((value) => (value.kind === 'str' ? tokensOf(value.value, own?.tokenizer ?? 'raw') : [])),
      )
      const change = changeOf(field, own)
      if (values.length > 0 && !deleted) changes.set(change, (changes.get(change) ?? 0) + 1)
    }
    if (Object.keys(dynamic).length > 0) input._dynamic = dynamic
    const segments = bySplit[split]!
    segments.set(segment, [...(segments.get(segment) ?? []), { input, deleted }])
    if (!deleted) rows.push({ id: BigInt(i), cells, searched })
  }
  const splits = bySplit.flatMap((segments, v): MappedSplit[] =>
    segments.size === 0
      ? []
      : [
          {
            mapping: mappingOf(
              versions[v]!.filter((field) => field !== null),
              v,
            ),
            segments: [...segments].sort(([a], [b]) => a - b).map(([, documents]) => documents),
          },
        ],
  )
  return { mapping: mappingOf(fields, 0), fields, splits, rows, changes }
}

function changeOf(field: FieldSpec, own: FieldSpec | null): string {
  if (own === null) return 'absent'
  if (own.kind !== field.kind) return `${own.kind} to ${field.kind}`
  if (own.array !== field.array) return own.array ? 'one' : 'several'
  if (own.fast !== field.fast) return own.fast ? 'not fast' : 'fast'
  if (own.kind === 'datetime' && own.precision !== field.precision) return 'precision'
  return 'none'
}

function addDynamic(dynamic: Record<string, JsonInput>, path: readonly string[], values: readonly Value[]): void {
  const list = values.map(dynamicInput)
  const value = list.length === 1 ? list[0]! : list
  if (path.length === 1) dynamic[path[0]!] = value
  else dynamic[path[0]!] = { [path[1]!]: value }
}

function dynamicInput(value: Value): JsonInput {
  switch (value.kind) {
    case 'float':
      return Number.isFinite(value.value) ? new JsonFloat(value.value) : null
    case 'date':
      return dateText(value.value)
    case 'ip':
    case 'bytes':
      return textOf(value)
    default:
      return value.value
  }
}

/** What of a value the column of a fast field keeps; null when nothing. */
function kept(value: Value, own: FieldSpec): Value | null {
  if (value.kind === 'date') return { kind: 'date', value: value.value - (value.value % NANOS[own.precision]) }
  if (value.kind !== 'str') return value
  const text = own.lowercase ? value.value.toLowerCase() : value.value
  return Buffer.byteLength(text) >= 255 ? null : { kind: 'str', value: text }
}

/** The cell of a column from the values that a document was given, in a split that has the field as `own`. */
function cellOf(field: FieldSpec, own: FieldSpec | null, values: readonly Value[]): Cell {
  let found: readonly Value[]
  if (own === null) found = values.flatMap((value) => inDynamic(value, field))
  else if (own.fast && (!own.stored || (field.fast && own.kind === field.kind && own.kind !== 'json'))) {
    found = values.map((value) => kept(value, own)).filter((value) => value !== null)
  } else found = own.stored ? values : []
  if (found.length === 0) return null
  const cells = found.map((value) => promoted(value, field))
  return field.array ? cells : cells[0]!
}

/** A value as the dynamic part has it: dates, addresses and bytes as texts, no NULL. */
function inDynamic(value: Value, field: FieldSpec): readonly Value[] {
  const input = dynamicInput(value)
  if (input === null) return []
  if (typeof input === 'string' && value.kind !== 'json') return [{ kind: 'str', value: input }]
  if (field.kind === 'json' && value.kind === 'json' && Array.isArray(input)) {
    return (input as JsonInput[]).filter((item) => item !== null).map((item) => ({ kind: 'json', value: item }))
  }
  return [value]
}

/** A value in a column of another kind; null when it is no such value. */
function promoted(value: Value, { kind, fast, precision }: FieldSpec): Cell {
  const unit = NANOS[fast ? precision : 'nanoseconds']
  switch (kind) {
    case 'u64':
      return wholeOf(value, 0n, U64_MAX)
    case 'i64':
      return wholeOf(value, I64_MIN, I64_MAX)
    case 'f64': {
      if (value.kind === 'float') return value.value
      if (value.kind === 'int') return Number(value.value)
      const text = value.kind === 'str' ? value.value.trim() : ''
      return text === '' || Number.isNaN(Number(text)) ? null : Number(text)
    }
    case 'bool':
      return value.kind === 'bool' ? value.value : value.value === 'true' ? true : null
    case 'datetime': {
      const nanos = nanosOf(value)
      return nanos === null ? null : floorTo(nanos, unit)
    }
    case 'ip':
    case 'bytes':
      return value.kind === 'str' && kind === 'ip' && !/::|^(\d+\.){3}\d+$|^(\w+:){7}/.test(value.value)
        ? null
        : textOf(value)
    case 'text':
      return textOf(value)
    case 'json':
      return jsonOf(value)
  }
}

function nanosOf(value: Value): bigint | null {
  if (value.kind === 'date') return value.value
  if (value.kind === 'int' || (value.kind === 'str' && /^-?\d+$/.test(value.value)))
    return instantOf(BigInt(value.value))
  if (value.kind !== 'str') return null
  if (/^-?\d+\.\d+$/.test(value.value)) return BigInt(1000 * Number(value.value)) * 1_000_000n
  const given = /^(\d{4}-.*T.*\.)(\d{9})Z$/.exec(value.value)
  return given === null ? null : BigInt(Date.parse(`${given[1]}000Z`)) * 1_000_000n + BigInt(given[2]!)
}

/** Seconds, milliseconds, microseconds or nanoseconds by their size; each unit begins in April 1972. */
function instantOf(count: bigint): bigint {
  const size = count < 0n ? -count : count
  const unit = [1_000n, 1_000_000n, 1_000_000_000n].findIndex((per) => size < 72_057_595n * per)
  return count * [1_000_000_000n, 1_000_000n, 1000n, 1n].at(unit)!
}

const floorTo = (nanos: bigint, unit: bigint): bigint => nanos - (((nanos % unit) + unit) % unit)

function wholeOf(value: Value, min: bigint, max: bigint): bigint | null {
  let whole: bigint | null = null
  if (value.kind === 'int') whole = value.value
  else if (value.kind === 'float' && Number.isInteger(value.value)) whole = BigInt(value.value)
  else if (value.kind === 'str' && /^[+-]?\d+$/.test(value.value)) whole = BigInt(value.value)
  return whole !== null && whole >= min && whole <= max ? whole : null
}

function jsonOf(value: Value): string {
  if (value.kind === 'json') return jsonText(value.value)
  if (value.kind === 'float') return jsonText(new JsonFloat(value.value))
  if (value.kind === 'int' || value.kind === 'bool') return String(value.value)
  return JSON.stringify(textOf(value))
}

function jsonText(value: JsonInput): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof JsonFloat || typeof value === 'number') {
    const number = typeof value === 'number' ? value : value.value
    if (!Number.isFinite(number)) return 'null'
    if (number === 0) return Object.is(number, -0) ? '-0.0' : '0.0'
    const size = Math.abs(number)
    if (size >= 1e16 || size < 1e-5) return number.toExponential().replace('e+', 'e')
    return Number.isInteger(number) ? `${number}.0` : String(number)
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[${(value as JsonInput[]).map(jsonText).join(',')}]`
  if (typeof value === 'string') return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item as JsonInput)}`)
    .join(',')}}`
}

function textOf(value: Value): string {
  switch (value.kind) {
    case 'str':
      return value.value
    case 'float':
      return jsonText(new JsonFloat(value.value))
    case 'date':
      return shortDate(value.value)
    case 'ip':
      return addressText(value.value)
    case 'bytes':
      return Buffer.from(value.value).toString('base64')
    case 'json':
      return jsonText(value.value)
    default:
      return String(value.value)
  }
}

const ADDRESSES: Readonly<Record<string, string>> = {
  [String(0xffff_0a00_0001n)]: '10.0.0.1',
  [String(0xffff_0a00_0002n)]: '10.0.0.2',
  '1': '::1',
  [String(0x2001_0db8_0000_0000_0000_0000_0000_0001n)]: '2001:db8::1',
}

function addressText(value: bigint): string {
  return ADDRESSES[String(value)] ?? Array<string>(8).fill('ffff').join(':')
}

/** RFC 3339 with nine digits. */
function dateText(nanos: bigint): string {
  const second = floorTo(nanos, NANOS.seconds)
  const digits = String(nanos - second).padStart(9, '0')
  return `${new Date(Number(second / 1_000_000n)).toISOString().slice(0, 19)}.${digits}Z`
}

/** RFC 3339 with as many digits as there are. */
function shortDate(nanos: bigint): string {
  return dateText(nanos).replace(/\.?0*Z$/, 'Z')
}

function tokensOf(text: string, tokenizer: FieldSpec['tokenizer']): string[] {
  if (tokenizer === 'raw') return Buffer.byteLength(text) >= 255 ? [] : [text]
  if (tokenizer === 'lowercase') return Buffer.byteLength(text) >= 255 ? [] : [text.toLowerCase()]
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '' && Buffer.byteLength(token) < 255)
}
