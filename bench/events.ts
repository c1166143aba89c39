import type { DocMappingJson } from '@volley/metastore'
import { DocMapping } from '@volley/splits'
import { TestTree, type MappedDocument } from '@volley/testing'

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
    { name: 'span', type: 'bytes', input_format: 'hex', output_format: 'hex', stored: true },
    { name: 'ms', type: 'u64', fast: true },
    { name: 'body', type: 'text', stored: true },
    { name: 'attrs', type: 'json', stored: true, fast: true, tokenizer: 'raw' },
  ],
}

/**
 * Writes an index `events` of so many documents in four splits, an hour each from 2024-01-01, into a temporary folder:
 * texts that only the document store has, JSON, traces of eight events,
 * and ids of spans, which are indexed and not fast, as OpenTelemetry's.
 */
export async function writeEvents(documents: number): Promise<TestTree> {
  const tree = await TestTree.create()
  const mapping = DocMapping.fromJson(docMapping)
  const own = Math.ceil(documents / SPLITS)
  const splits = Array.from({ length: SPLITS }, (_, split) => ({
    mapping,
    segments: [Array.from({ length: own }, (_document, i) => event(split, i, own))],
  }))
  await tree.publishMapped(mapping, splits, 'events')
  return tree
}

/** Event `i` of the `own` of a split. */
function event(split: number, i: number, own: number): MappedDocument {
  const n = split * own + i
  const service = `service-${(n * 7919) % 23}`
  const ms = (n * 104_729) % 10_007
  const input = {
    ts: START + BigInt(split) * 3600n * SECOND + (BigInt(i) * 3599n * SECOND) / BigInt(own),
    service,
    level: ['INFO', 'INFO', 'INFO', 'WARN', 'ERROR'][(n * 31) % 5]!,
    trace: `trace-${n >> 3}`,
    span: Uint8Array.of(n >>> 16, n >>> 8, n),
    ms: BigInt(ms),
    body: `${service} answered request ${n} of user ${(n * 17) % 5003} in ${ms} ms, ${ms > 9000 ? 'slow: retry later' : 'as expected'}`,
    attrs: { host: `host-${n % 40}`, http: { status: n % 50 === 0 ? 500n : 200n } },
  }
  return { input, deleted: false }
}
