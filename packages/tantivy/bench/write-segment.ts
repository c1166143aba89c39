// How long writing a segment takes: node -C @volley/source packages/tantivy/bench/write-segment.ts [documents]
import { IndexSchema, SegmentWriter, TokenizerManager } from '@volley/tantivy'

const count = Number(process.argv[2] ?? 100_000)
const fast = { indexed: true, fieldnorms: false, fast: true, stored: true }
const schema = IndexSchema.fromJson([
  { name: 'ts', type: 'date', options: { ...fast, precision: 'milliseconds' } },
  {
    name: 'message',
    type: 'text',
    options: { indexing: { record: 'position', fieldnorms: true, tokenizer: 'default' }, stored: true, fast: false },
  },
  {
    name: 'service',
    type: 'text',
    options: {
      indexing: { record: 'basic', fieldnorms: false, tokenizer: 'raw' },
      stored: true,
      fast: { with_tokenizer: 'raw' },
    },
  },
  { name: 'status', type: 'u64', options: fast },
  { name: 'latency', type: 'f64', options: fast },
  {
    name: 'attributes',
    type: 'json_object',
    options: {
      stored: true,
      indexing: { record: 'basic', fieldnorms: true, tokenizer: 'raw' },
      fast: { with_tokenizer: 'raw' },
      expand_dots_enabled: true,
    },
  },
])
const words = Array.from({ length: 5000 }, (_, i) => `word${(i * 7919) % 5000}`)
let seed = 1
const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
const documents = Array.from({ length: count }, (_, i) => ({
  ts: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n,
  message: Array.from({ length: 12 }, () => words[Math.min(random(5000), random(5000))]).join(' '),
  service: `service-${random(20)}`,
  status: 200 + random(5) * 100,
  latency: random(100_000) / 100,
  attributes: { 'http.method': random(2) === 0 ? 'GET' : 'POST', user: random(1000), trace: `${random(1e9)}` },
}))
const normalizers = TokenizerManager.quickwitNormalizers()
const start = performance.now()
const writer = new SegmentWriter(schema, { tokenizers: TokenizerManager.quickwit(), normalizers })
for (const document of documents) writer.add(document)
const added = performance.now()
const { files } = writer.finish()
const end = performance.now()
const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0)
console.log(
  `${count} documents: added in ${Math.round(added - start)} ms, written in ${Math.round(end - added)} ms, ${bytes} bytes`,
)
