import type { DocMappingJson } from '@volley/metastore'
import { DocMapping } from '../mapping/doc-mapping.ts'
import type { ScannedIndex } from '../sources/scan-table.ts'

interface MappingDocument {
  readonly docMapping: DocMappingJson
  readonly defaultSearchFields: readonly string[]
}

const known = new WeakMap<DocMappingJson, ScannedIndex>()

/** An index with its mapping, and the JSON text that carries the mapping to workers; made once of a mapping's object. */
export function scannedIndex(indexId: string, document: MappingDocument): ScannedIndex {
  const { docMapping, defaultSearchFields } = document
  const index = known.get(docMapping)
  const same =
    index?.indexId === indexId && index.mapping.defaultSearchFields.join('\0') === defaultSearchFields.join('\0')
  if (same) return index
  const made = parseScannedIndex(indexId, JSON.stringify(document))
  known.set(docMapping, made)
  return made
}

const parsed = new Map<string, DocMapping>()
const REMEMBERED = 64

/** The inverse: each text is parsed once. */
export function parseScannedIndex(indexId: string, mappingJson: string): ScannedIndex {
  let mapping = parsed.get(mappingJson)
  if (mapping === undefined) {
    const { docMapping, defaultSearchFields } = JSON.parse(mappingJson) as MappingDocument
    mapping = DocMapping.fromJson(docMapping, { defaultSearchFields })
    if (parsed.size >= REMEMBERED) parsed.delete(parsed.keys().next().value!)
    parsed.set(mappingJson, mapping)
  }
  return { indexId, mapping, mappingJson }
}
