import type { IndexSchema, StoredValue } from '@volley/tantivy'
import { columnValue } from './column-value.ts'
import { DocMapping, DYNAMIC_COLUMN, type MappedField, SOURCE_COLUMN } from './doc-mapping.ts'
import { formatDatetime } from './datetime-formats.ts'
import { jsonText } from './json-text.ts'
import { mappingOfSchema } from './schema-mapping.ts'

/** A node of the document: JSON text, or an object of nodes. */
type Node = string | Map<string, Node>

/**
 * Renders stored documents of one split as the JSON that Quickwit answers (formats/quickwit-split.md §9.6): objects nested
 * again, the dynamic part lifted to the top, values in their output formats, keys sorted. A document that was stored whole
 * is given as it was.
 */
export class SourceRenderer {
  readonly #fields: ReadonlyMap<number, MappedField>
  readonly #dynamic: number | undefined
  readonly #source: number | undefined

  constructor(schema: IndexSchema, mapping: DocMapping) {
    const own = DocMapping.fromJson(mappingOfSchema(schema))
    const fields = new Map<number, MappedField>()
    for (const entry of schema.fields) {
      const field = mapping.fieldOfTantivyName(entry.name) ?? own.fieldOfTantivyName(entry.name)
      if (field !== null && entry.options.stored && entry.name !== DYNAMIC_COLUMN && entry.name !== SOURCE_COLUMN)
        fields.set(entry.ord, field)
    }
    this.#fields = fields
    this.#dynamic = schema.field(DYNAMIC_COLUMN)?.ord
    this.#source = schema.field(SOURCE_COLUMN)?.ord
  }

  /** JSON text of a document, given its stored values by field ordinal. */
  render(values: ReadonlyMap<number, readonly StoredValue[]>): string {
    const whole = this.#source === undefined ? undefined : values.get(this.#source)?.[0]
    return whole === undefined ? this.rebuild(values) : jsonText(whole)
  }

  /** JSON text of a document made of its fields, also when it was stored whole. */
  rebuild(values: ReadonlyMap<number, readonly StoredValue[]>): string {
    const root = new Map<string, Node>()
    const dynamic = this.#dynamic === undefined ? undefined : values.get(this.#dynamic)?.[0]
    if (dynamic?.type === 'object') for (const [key, value] of dynamic.entries) root.set(key, dynamicNode(value))
    for (const [ord, stored] of values) {
      const field = this.#fields.get(ord)
      if (field === undefined) continue
      const texts = stored.map((value) => valueJson(value, field))
      insert(root, field.path, field.array || texts.length > 1 ? `[${texts.join(',')}]` : texts[0]!)
    }
    return write(root)
  }
}

/** Objects of the dynamic part become nodes, for declared fields may lie inside them. */
function dynamicNode(value: StoredValue): Node {
  if (value.type !== 'object') return jsonText(value)
  return new Map(value.entries.map(([key, member]): [string, Node] => [key, dynamicNode(member)]))
}

function insert(root: Map<string, Node>, path: readonly string[], text: string): void {
  let at = root
  for (const step of path.slice(0, -1)) {
    let next = at.get(step)
    if (!(next instanceof Map)) {
      next = new Map()
      at.set(step, next)
    }
    at = next
  }
  at.set(path.at(-1)!, text)
}

function write(node: Node): string {
  if (typeof node === 'string') return node
  const entries = [...node].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(',')}}`
}

function valueJson(value: StoredValue, field: MappedField): string {
  if (value.type === 'date') {
    const shown = formatDatetime(value.value, field.outputFormat ?? 'rfc3339')
    return typeof shown === 'bigint' ? String(shown) : JSON.stringify(shown)
  }
  const text = jsonText(value)
  if (value.type === 'u64' || value.type === 'i64' || value.type === 'f64') {
    return field.outputFormat === 'string' ? JSON.stringify(text) : text
  }
  if (value.type !== 'bytes') return text
  return JSON.stringify(columnValue(value, field))
}
