import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { FileBackedMetastore, type DocMappingJson } from '@volley/metastore'
import { DocMapping, mappingSchema, mappingTokenizers, publishSplit, writeSplit } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import { SegmentWriter, writeIndex } from '@volley/tantivy'

const SPLITS = 4
const START = 1_704_067_200_000_000_000n
const SECOND = 1_000_000_000n

const docMapping: DocMappingJson = {
  timestamp_field: 'ts',
  field_mappings: [
    { name: 'ts', type: 'datetime', fast: true, fast_precision: 'milliseconds' },
    { name: 'service', type: 'text', tokenizer: 'raw', fast: true },
    { name: 'level', type: 'text', tokenizer: 'raw', fast: true },
    { name: 'trace', type: 'text', tokenizer: 'raw', fast: true },
    { name: 'ms', type: 'u64', fast: true },
    { name: 'body', type: 'text', stored: true },
    { name: 'attrs', type: 'json', stored: true, fast: true, tokenizer: 'raw' },
  ],
}

/**
 * Writes an index `events` of so many documents in four splits, an hour each from 2024-01-01, into a temporary folder:
 * texts that only the document store has, JSON, and traces of eight events.
 */
export async function writeEvents(documents: number): Promise<{ readonly uri: string; readonly remove: () => void }> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-events-'))
  const uri = pathToFileURL(root).href
  const resolver = nodeStoreResolver()
  const metastore = FileBackedMetastore.open(uri, resolver)
  const index = await metastore.createIndex({ indexId: 'events', docMapping })
  const mapping = DocMapping.fromJson(index.docMapping)
  const schema = mappingSchema(mapping)
  const own = Math.ceil(documents / SPLITS)
  for (let split = 0; split < SPLITS; split++) {
    const writer = new SegmentWriter(schema, { tokenizers: mappingTokenizers(mapping) })
    for (let i = 0; i < own; i++) {
      const n = split * own + i
      const service = `service-${(n * 7919) % 23}`
      const ms = (n * 104_729) % 10_007
      writer.add({
        ts: START + BigInt(split) * 3600n * SECOND + (BigInt(i) * 3599n * SECOND) / BigInt(own),
        service,
        level: ['INFO', 'INFO', 'INFO', 'WARN', 'ERROR'][(n * 31) % 5]!,
        trace: `trace-${n >> 3}`,
        ms: BigInt(ms),
        body: `${service} answered request ${n} of user ${(n * 17) % 5003} in ${ms} ms, ${ms > 9000 ? 'slow: retry later' : 'as expected'}`,
        attrs: { host: `host-${n % 40}`, http: { status: n % 50 === 0 ? 500n : 200n } },
      })
    }
    const files = writeIndex([writer.finish()], schema)
    const written = await writeSplit({ files, mapping, indexUid: index.indexUid, zstdDecompress: nodeZstdDecompress })
    await publishSplit(metastore, resolver.resolve(index.indexUri), written)
  }
  return { uri, remove: () => fs.rmSync(root, { recursive: true }) }
}
