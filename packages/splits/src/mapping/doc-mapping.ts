import { SqlState, VolleyError } from '@volley/core'
import type { DocMappingJson, FieldMappingJson } from '@volley/metastore'

export type MappedType = 'text' | 'u64' | 'i64' | 'f64' | 'bool' | 'datetime' | 'ip' | 'bytes' | 'json' | 'concatenate'
export type DatetimePrecision = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/** A leaf of a doc mapping, every option resolved (formats/quickwit-split.md §9.4). */
export interface MappedField {
  /** As SQL sees it: the steps joined by dots. */
  readonly name: string
  /** Steps from the document's root; a step may hold dots. */
  readonly path: readonly string[]
  /** Name in a split's schema: dots inside a step escaped. */
  readonly tantivyName: string
  readonly type: MappedType
  readonly array: boolean
  readonly indexed: boolean
  readonly stored: boolean
  readonly fast: boolean
  /** What a fast text was passed through; null unless fast text or JSON. */
  readonly normalizer: 'raw' | 'lowercase' | null
  /** Of indexed text, JSON and concatenate fields, else null. */
  readonly tokenizer: string | null
  readonly record: 'basic' | 'freq' | 'position' | null
  readonly fieldnorms: boolean
  /** Of a datetime: the precision of its values, that of its column when fast, else `nanoseconds`. */
  readonly precision: DatetimePrecision | null
  /** `fast_precision` as mapped, also when not fast. */
  readonly fastPrecision: DatetimePrecision | null
  readonly inputFormats: readonly string[]
  readonly outputFormat: string | null
  /** Of JSON: whether a dot inside a key parts two steps. */
  readonly expandDots: boolean
}

export interface DocMappingOptions {
  /** Fields that a word without field is searched in; `default_search_fields` of the index. */
  readonly defaultSearchFields?: readonly string[]
}

export type MappingMode = 'dynamic' | 'strict' | 'lenient'

/** An index's doc mapping: its leaves in declared order, depth first. */
export class DocMapping {
  readonly uid: string
  readonly mode: MappingMode
  readonly fields: readonly MappedField[]
  /** The field of what the mapping does not name; null unless the mode is dynamic. */
  readonly dynamic: MappedField | null
  readonly timestampField: MappedField | null
  readonly tagFields: readonly MappedField[]
  readonly indexFieldPresence: boolean
  readonly storeSource: boolean
  /** Definitions of custom tokenizers, as JSON. */
  readonly tokenizers: readonly Readonly<Record<string, unknown>>[]
  readonly defaultSearchFields: readonly string[]
  readonly json: DocMappingJson
  readonly #byName: ReadonlyMap<string, MappedField>
  readonly #byTantivyName: ReadonlyMap<string, MappedField>

  private constructor(json: DocMappingJson, fields: readonly MappedField[], options: DocMappingOptions) {
    this.json = json
    this.uid = json.doc_mapping_uid ?? '0'.repeat(26)
    this.mode = (json.mode ?? 'dynamic') as MappingMode
    if (!['dynamic', 'strict', 'lenient'].includes(this.mode)) {
      throw invalid(`the mode of a doc mapping is dynamic, strict or lenient, not ${this.mode}`)
    }
    this.fields = fields
    this.dynamic = this.mode === 'dynamic' ? dynamicField(json.dynamic_mapping ?? {}) : null
    this.#byName = firstByKey(fields, (field) => field.name)
    this.#byTantivyName = firstByKey(fields, (field) => field.tantivyName)
    this.timestampField = json.timestamp_field ? this.#named(json.timestamp_field, 'timestamp_field') : null
    this.tagFields = (json.tag_fields ?? []).map((name) => this.#named(name, 'tag_fields'))
    this.indexFieldPresence = json.index_field_presence === true
    this.storeSource = json.store_source === true
    this.tokenizers = json.tokenizers ?? []
    this.defaultSearchFields = options.defaultSearchFields ?? []
  }

  /**
   * Reads a doc mapping as the metastore has it.
   *
   * @throws VolleyError for an unknown type or mode, or a timestamp or tag field that is not mapped.
   */
  static fromJson(json: DocMappingJson, options: DocMappingOptions = {}): DocMapping {
    const fields: MappedField[] = []
    flatten(json.field_mappings ?? [], [], fields)
    return new DocMapping(json, fields, options)
  }

  /** The field of a SQL column; `_dynamic` is one where the mode is dynamic. */
  field(name: string): MappedField | null {
    return this.#byName.get(name) ?? (name === DYNAMIC_COLUMN ? this.dynamic : null)
  }

  /** The field of a name in a split's schema. */
  fieldOfTantivyName(name: string): MappedField | null {
    return this.#byTantivyName.get(name) ?? (name === DYNAMIC_COLUMN ? this.dynamic : null)
  }

  /** Leaves below an object of this name (escaped, as in a query); empty when there is no such object. */
  leavesOf(tantivyName: string): readonly MappedField[] {
    return this.fields.filter((field) => field.tantivyName.startsWith(`${tantivyName}.`))
  }

  #named(tantivyName: string, option: string): MappedField {
    const field = this.#byTantivyName.get(tantivyName)
    if (field === undefined) throw invalid(`${option} of the doc mapping names ${tantivyName}, which is not mapped`)
    return field
  }
}

/** Column of what the mapping does not name. */
export const DYNAMIC_COLUMN = '_dynamic'
/** Column of the whole stored document. */
export const SOURCE_COLUMN = '_source'

/** Splits a name of a schema or a query at its unescaped dots: `a.b\.c` has the steps `a` and `b.c`. */
export function splitFieldPath(name: string): string[] {
  const steps: string[] = ['']
  for (let at = 0; at < name.length; at++) {
    const char = name[at]!
    if (char === '\\' && at + 1 < name.length) steps[steps.length - 1] += name[++at]!
    else if (char === '.') steps.push('')
    else steps[steps.length - 1] += char
  }
  return steps
}

/** Joins steps to the name that a schema has for them. */
export function joinFieldPath(steps: readonly string[]): string {
  return steps.map((step) => step.replaceAll('.', '\\.')).join('.')
}

const TYPES: readonly string[] = ['text', 'u64', 'i64', 'f64', 'bool', 'datetime', 'ip', 'bytes', 'json', 'concatenate']

function flatten(mappings: readonly FieldMappingJson[], parent: readonly string[], fields: MappedField[]): void {
  // Concatenate fields come after their siblings (§9.2).
  const later = mappings.filter((mapping) => mapping.type === 'concatenate')
  for (const mapping of [...mappings.filter((each) => each.type !== 'concatenate'), ...later]) {
    const path = [...parent, mapping.name]
    if (mapping.type === 'object') {
      flatten((mapping.field_mappings ?? []) as readonly FieldMappingJson[], path, fields)
    } else {
      fields.push(mappedField(mapping, path))
    }
  }
}

function mappedField(json: FieldMappingJson, path: readonly string[]): MappedField {
  const array = /^array<(.+)>$/.exec(json.type)
  const type = (array?.[1] ?? json.type) as MappedType
  if (!TYPES.includes(type)) throw invalid(`the field ${path.join('.')} has the type ${json.type}, which is not known`)
  const concatenate = type === 'concatenate'
  const tokenized = type === 'text' || type === 'json' || concatenate
  const indexed = concatenate || json.indexed !== false
  const fast = !concatenate && json.fast !== undefined && json.fast !== false && json.fast !== null
  const precision = (json.fast_precision ?? json.precision ?? 'seconds') as DatetimePrecision
  return {
    name: path.join('.'),
    path,
    tantivyName: joinFieldPath(path),
    type,
    array: array !== null,
    indexed,
    stored: !concatenate && json.stored !== false,
    fast,
    normalizer: fast && (type === 'text' || type === 'json') ? normalizerOf(json.fast) : null,
    tokenizer: tokenized && indexed ? String(json.tokenizer ?? (type === 'json' ? 'raw' : 'default')) : null,
    record: tokenized && indexed ? ((json.record ?? 'basic') as MappedField['record']) : null,
    fieldnorms: type === 'text' && indexed && json.fieldnorms === true,
    fastPrecision: type === 'datetime' ? precision : null,
    precision: type === 'datetime' ? (fast ? precision : 'nanoseconds') : null,
    inputFormats: inputFormats(json, type),
    outputFormat: outputFormat(json, type),
    expandDots: type === 'json' && json.expand_dots !== false,
  }
}

function dynamicField(json: Readonly<Record<string, unknown>>): MappedField {
  return mappedField({ fast: true, ...json, name: DYNAMIC_COLUMN, type: 'json' }, [DYNAMIC_COLUMN])
}

function normalizerOf(fast: unknown): 'raw' | 'lowercase' {
  const normalizer = typeof fast === 'object' ? (fast as { normalizer?: unknown }).normalizer : 'raw'
  return normalizer === 'lowercase' ? 'lowercase' : 'raw'
}

function inputFormats(json: FieldMappingJson, type: MappedType): readonly string[] {
  if (type === 'datetime') return (json.input_formats as string[] | undefined) ?? ['rfc3339', 'unix_timestamp']
  return type === 'bytes' ? [String(json.input_format ?? 'base64')] : []
}

function outputFormat(json: FieldMappingJson, type: MappedType): string | null {
  if (json.output_format !== undefined) return String(json.output_format)
  if (type === 'datetime') return 'rfc3339'
  if (type === 'bytes') return 'base64'
  return type === 'u64' || type === 'i64' || type === 'f64' ? 'number' : null
}

function firstByKey(fields: readonly MappedField[], key: (field: MappedField) => string): Map<string, MappedField> {
  const map = new Map<string, MappedField>()
  for (const field of fields) if (!map.has(key(field))) map.set(key(field), field)
  return map
}

function invalid(message: string): VolleyError {
  return new VolleyError(message, { code: SqlState.invalidParameterValue })
}
