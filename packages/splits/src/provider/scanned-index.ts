import type { DocMappingJson } from '@volley/metastore'
import { DocMapping } from '../mapping/doc-mapping.ts'
import type { ScannedIndex } from '../sources/scan-table.ts'

interface MappingDocument {
  readonly docMapping: DocMappingJson
  readonly defaultSearchFields: readonly string[]
}

/** An index with its mapping, and the JSON text that carries the mapping to workers. */
export function scannedIndex(indexId: string, document: MappingDocument): ScannedIndex {
  return parseScannedIndex(indexId, JSON.stringify(document))
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
