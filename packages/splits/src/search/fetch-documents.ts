import type { StoredValue } from '@volley/tantivy'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import { jsonText } from '../mapping/json-text.ts'
import { SOURCE_COLUMN } from '../mapping/doc-mapping.ts'
import { SourceRenderer } from '../mapping/source-renderer.ts'
import type { SplitIndex } from '../opener/split-index-opener.ts'
import type { SnippetGenerator } from './snippet-generator.ts'
import type { HitAddress } from './search-request.ts'

export interface FetchedDocument {
  readonly document: string
  readonly snippets: Readonly<Record<string, readonly string[]>> | null
}

/** Reads documents of one split, row-aligned with their addresses, with snippets of the fields that have a generator. */
export async function fetchDocuments(
  split: SplitIndex,
  mapping: DocMapping,
  addresses: readonly HitAddress[],
  generators: ReadonlyMap<number, { readonly name: string; readonly generator: SnippetGenerator }> | null,
  signal?: AbortSignal,
): Promise<FetchedDocument[]> {
  const { schema, segments } = split.index
  const renderer = new SourceRenderer(schema, mapping)
  const source = schema.field(SOURCE_COLUMN)?.ord
  const fetched: FetchedDocument[] = []
  for (const segment of segments) {
    const rows = addresses.flatMap((address, row) => (address.segment === segment.ord ? [row] : []))
    if (rows.length === 0) continue
    const store = await segment.store()
    await store.warm(Uint32Array.from(rows, (row) => addresses[row]!.doc).sort(), signal)
    for (const row of rows) {
      const values = new Map<number, StoredValue[]>()
      for (const [field, value] of store.document(addresses[row]!.doc)) {
        const list = values.get(field)
        if (list === undefined) values.set(field, [value])
        else list.push(value)
      }
      const rebuilt = renderer.rebuild(values)
      const whole = source === undefined ? undefined : values.get(source)?.[0]
      fetched[row] = {
        document: whole === undefined ? rebuilt : withSource(jsonText(whole), rebuilt),
        snippets: generators === null ? null : snippetsOf(values, generators),
      }
    }
  }
  return fetched
}

function withSource(source: string, rebuilt: string): string {
  return `{"${SOURCE_COLUMN}":${source}${rebuilt === '{}' ? '' : ','}${rebuilt.slice(1)}`
}

function snippetsOf(
  values: ReadonlyMap<number, readonly StoredValue[]>,
  generators: ReadonlyMap<number, { readonly name: string; readonly generator: SnippetGenerator }>,
): Record<string, readonly string[]> {
  const snippets: Record<string, readonly string[]> = {}
  for (const [ord, { name, generator }] of generators) {
    const stored = values.get(ord)
    if (stored === undefined) continue
    snippets[name] = stored.flatMap((value) => {
      const snippet = value.type === 'str' ? generator.snippet(value.value) : null
      return snippet === null ? [] : [snippet]
    })
  }
  return snippets
}
