import { StoredPath, type DocStore, type IndexSchema, type StoredValue, type StoredVisitor } from '@volley/tantivy'
import { type ColumnValue, columnValue } from './column-value.ts'
import { type DocMapping, type MappedField } from './doc-mapping.ts'
import { jsonText, pathText, valueAtPath } from './json-text.ts'
import { resolveField } from './resolve-field.ts'
import { SourceRenderer } from './source-renderer.ts'

/** What to read of a document: a column, or a path below a JSON column (`text` for `->>`, else JSON). */
export type DocumentRequest =
  | { readonly kind: 'column'; readonly name: string }
  | {
      readonly kind: 'path'
      readonly name: string
      readonly path: readonly (string | number)[]
      readonly text: boolean
    }

/** How one request is read in a split with a certain schema. */
interface Plan {
  /** Ordinal of the split's field, -1 for the whole document, -2 for none. */
  readonly ord: number
  /** Steps below the field that lead to the column. */
  readonly below: readonly string[]
  /** Null: the value is JSON. */
  readonly field: MappedField | null
  readonly path: readonly (string | number)[] | null
  readonly text: boolean
}

const WHOLE = -1
const NONE = -2

/**
 * Reads columns and JSON paths out of stored documents of one split. Fields that no request needs are skipped without being
 * built.
 */
export class DocumentReader {
  readonly #plans: readonly Plan[]
  readonly #wanted: ReadonlySet<number>
  readonly #source: SourceRenderer | null
  readonly #values: Map<number, StoredValue[]> = new Map()
  readonly #visitor: StoredVisitor

  constructor(schema: IndexSchema, mapping: DocMapping, requests: readonly DocumentRequest[]) {
    this.#plans = requests.map((request) => plan(schema, mapping, request))
    this.#wanted = new Set(this.#plans.map(({ ord }) => ord))
    const whole = this.#wanted.has(WHOLE)
    this.#source = whole ? new SourceRenderer(schema, mapping) : null
    this.#visitor = {
      wants: (field) => whole || this.#wanted.has(field),
      value: (field, value) => {
        const values = this.#values.get(field)
        if (values === undefined) this.#values.set(field, [value])
        else values.push(value)
      },
    }
  }

  /**
   * Writes the value of each request to `out`. The store must have the document at hand (`DocStore.warm`).
   */
  read(store: DocStore, doc: number, out: ColumnValue[]): void {
    this.#values.clear()
    store.visit(doc, this.#visitor)
    const source = this.#source?.render(this.#values) ?? null
    this.#plans.forEach((request, k) => {
      out[k] = this.#valueOf(request, source)
    })
  }

  #valueOf(request: Plan, source: string | null): ColumnValue {
    if (request.ord === NONE) return null
    if (request.ord === WHOLE) {
      if (request.path === null || source === null) return source
      return pathOfText(source, request.path, request.text)
    }
    const stored = this.#values.get(request.ord)
    if (stored === undefined) return null
    const values = request.below.length === 0 ? stored : below(stored, request.below)
    const { field } = request
    if (request.path !== null) {
      // A path into an array of JSON values goes through the array.
      const root: StoredValue | undefined = field?.array ? { type: 'array', values } : values[0]
      const value = root === undefined ? null : valueAtPath(root, request.path)
      if (value === null) return null
      return request.text ? pathText(value) : jsonText(value)
    }
    if (values.length === 0 || field === null) return null
    return field.array ? values.map((value) => columnValue(value, field)) : columnValue(values[0]!, field)
  }
}

/** How documents are walked to a path without building what is beside it; null where its column is not a field's first value. */
export function storedPath(
  schema: IndexSchema,
  mapping: DocMapping,
  request: Extract<DocumentRequest, { kind: 'path' }>,
): StoredPath | null {
  const { ord, below, field, path } = plan(schema, mapping, request)
  return ord < 0 || below.length > 0 || field?.array === true ? null : new StoredPath(ord, path!)
}

function plan(schema: IndexSchema, mapping: DocMapping, request: DocumentRequest): Plan {
  const resolution = resolveField(schema, mapping, request.name)
  const ord =
    resolution.kind === 'source'
      ? WHOLE
      : resolution.kind === 'missing' || !resolution.entry.options.stored
        ? NONE
        : resolution.entry.ord
  return {
    ord,
    below: resolution.kind === 'dynamic' ? resolution.path : [],
    field: mapping.field(request.name),
    path: request.kind === 'path' ? request.path : null,
    text: request.kind === 'path' && request.text,
  }
}

/** The values at a path, arrays on the way and at its end taken apart. */
function below(values: readonly StoredValue[], path: readonly string[]): StoredValue[] {
  let found = values.flatMap(elements)
  for (const step of path) {
    found = found.flatMap((value) => {
      const next = valueAtPath(value, [step])
      return next === null ? [] : elements(next)
    })
  }
  return found.filter((value) => value.type !== 'null')
}

function elements(value: StoredValue): readonly StoredValue[] {
  return value.type === 'array' ? value.values : [value]
}

/** A path below JSON text. */
function pathOfText(text: string, path: readonly (string | number)[], asText: boolean): string | null {
  const value = valueAtPath(parseStored(text), path)
  return value === null ? null : asText ? pathText(value) : jsonText(value)
}

/** JSON text as a stored value; numbers keep their text's kind. */
function parseStored(text: string): StoredValue {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => StoredValue
  return parse(text, (_key, value, context) => {
    if (value === null) return { type: 'null' }
    if (typeof value === 'string') return { type: 'str', value }
    if (typeof value === 'boolean') return { type: 'bool', value }
    if (typeof value === 'number') {
      const source = context.source ?? String(value)
      return /^-?\d+$/.test(source) ? { type: 'i64', value: BigInt(source) } : { type: 'f64', value }
    }
    if (Array.isArray(value)) return { type: 'array', values: value as StoredValue[] }
    return { type: 'object', entries: Object.entries(value as Record<string, StoredValue>) }
  })
}
