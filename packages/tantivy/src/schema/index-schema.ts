/** Types of fields in a tantivy schema, as meta.json names them (section 2.2). */
export type FieldType =
  | 'text'
  | 'u64'
  | 'i64'
  | 'f64'
  | 'bool'
  | 'date'
  | 'ip_addr'
  | 'bytes'
  | 'facet'
  | 'json_object'
  | 'tie_breaker'

/** What postings of a field hold: documents, also frequencies, also positions. */
export type RecordOption = 'basic' | 'freq' | 'position'

export type DatePrecision = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/** Options of a field with every default filled in. */
export interface FieldOptions {
  /** null: not indexed. */
  readonly record: RecordOption | null
  readonly fieldnorms: boolean
  /** Tokenizer of the inverted index; null where there is none (everything but text and JSON). */
  readonly tokenizer: string | null
  readonly stored: boolean
  readonly fast: boolean
  /** Tokenizer of the fast field, for text and JSON; null where values are taken raw. */
  readonly fastTokenizer: string | null
  readonly precision: DatePrecision
  readonly expandDots: boolean
  readonly coerce: boolean
}

export interface FieldEntry {
  readonly ord: number
  readonly name: string
  readonly type: FieldType
  readonly options: FieldOptions
}

/** The schema of an index: fields by ordinal and by name. */
export class IndexSchema {
  readonly fields: readonly FieldEntry[]
  /** The entries as meta.json has them, for writing them back and for dumps. */
  readonly json: readonly unknown[]
  readonly #byName: Map<string, FieldEntry>

  constructor(fields: readonly FieldEntry[], json: readonly unknown[]) {
    this.fields = fields
    this.json = json
    this.#byName = new Map(fields.map((field) => [field.name, field]))
  }

  /** Reads the `schema` array of meta.json; throws a plain Error that says what is wrong. */
  static fromJson(json: unknown): IndexSchema {
    if (!Array.isArray(json)) throw new Error('the schema is not an array')
    return new IndexSchema(
      json.map((entry, ord) => parseField(entry, ord)),
      json,
    )
  }

  field(name: string): FieldEntry | undefined {
    return this.#byName.get(name)
  }

  /**
   * The field that a dotted path starts with, and the rest of the path: the longest declared name wins; dots of a name
   * are written `\.` in the path.
   */
  findField(path: string): { field: FieldEntry; path: string } | null {
    const exact = this.#byName.get(path.replaceAll('\\.', '.'))
    if (exact !== undefined) return { field: exact, path: '' }
    const dots: number[] = []
    for (let i = 0; i < path.length; i += 1) {
      if (path[i] === '\\') i += 1
      else if (path[i] === '.') dots.push(i)
    }
    for (const dot of dots.reverse()) {
      const field = this.#byName.get(path.slice(0, dot).replaceAll('\\.', '.'))
      if (field !== undefined) return { field, path: path.slice(dot + 1) }
    }
    return null
  }
}

const TYPES: ReadonlySet<string> = new Set<FieldType>([
  'text',
  'u64',
  'i64',
  'f64',
  'bool',
  'date',
  'ip_addr',
  'bytes',
  'facet',
  'json_object',
  'tie_breaker',
])

type Json = Record<string, unknown>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseField(entry: unknown, ord: number): FieldEntry {
  if (!isObject(entry)) throw new Error(`schema entry ${ord} is not an object`)
  const { name, type } = entry
  if (typeof name !== 'string' || name === '') throw new Error(`schema entry ${ord} has no name`)
  if (typeof type !== 'string' || !TYPES.has(type))
    throw new Error(`field ${name} has the unknown type ${String(type)}`)
  const options = isObject(entry['options']) ? entry['options'] : {}
  return { ord, name, type: type as FieldType, options: parseOptions(name, type as FieldType, options) }
}

function parseOptions(name: string, type: FieldType, json: Json): FieldOptions {
  const base = {
    stored: json['stored'] === true,
    coerce: json['coerce'] === true,
    precision: oneOf(name, json['precision'], ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const),
    expandDots: json['expand_dots_enabled'] === true,
  }
  if (type === 'tie_breaker') {
    return { ...base, record: null, fieldnorms: false, tokenizer: null, fast: true, fastTokenizer: null }
  }
  if (type === 'facet') {
    return { ...base, record: 'basic', fieldnorms: false, tokenizer: null, fast: true, fastTokenizer: null }
  }
  const fast = json['fast']
  if (type === 'text' || type === 'json_object') {
    const indexing = isObject(json['indexing']) ? json['indexing'] : null
    const withTokenizer = isObject(fast) ? fast['with_tokenizer'] : undefined
    return {
      ...base,
      record: indexing === null ? null : oneOf(name, indexing['record'], ['basic', 'freq', 'position'] as const),
      fieldnorms: type === 'text' && indexing !== null && indexing['fieldnorms'] !== false,
      tokenizer:
        indexing === null ? null : typeof indexing['tokenizer'] === 'string' ? indexing['tokenizer'] : 'default',
      fast: fast === true || withTokenizer !== undefined,
      fastTokenizer: typeof withTokenizer === 'string' ? withTokenizer : null,
    }
  }
  const indexed = json['indexed'] === true
  const fieldnorms = json['fieldnorms']
  return {
    ...base,
    record: indexed ? 'basic' : null,
    fieldnorms: indexed && (typeof fieldnorms === 'boolean' ? fieldnorms : true),
    tokenizer: null,
    fast: fast === true,
    fastTokenizer: null,
  }
}

function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (value === undefined) return allowed[0]!
  if (!allowed.includes(value as T)) throw new Error(`field ${name} has the unknown option ${String(value)}`)
  return value as T
}
