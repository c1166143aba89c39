// The tantivy reader alone: the best documents of an index directory, with their stored fields.
import { fileURLToPath } from 'node:url'
import { collectTopDocs, countDocs, openIndex, QueryParser } from '@volley/tantivy'
import { nodeDirectory, nodeZstdDecompress } from '@volley/tantivy/node'

const fixture = fileURLToPath(new URL('../../fixtures/tantivy/multi3-sst/index', import.meta.url))
const [folder = fixture, text = 'body:zenousba'] = process.argv.slice(2)

const index = await openIndex(nodeDirectory(folder), { zstdDecompress: nodeZstdDecompress })
const query = new QueryParser(index.schema, index.tokenizers).parse(text)
console.log(`${await countDocs(index, query)} documents match ${text}`)
const { docs } = await collectTopDocs(index, query, 3)
for (const { segment, doc, score } of docs) {
  const store = await index.segments[segment]!.store()
  await store.warm(Uint32Array.of(doc))
  const fields = store.document(doc).map(([ord, value]) => {
    const shown = 'value' in value ? JSON.stringify(String(value.value)) : value.type
    return `${index.schema.fields[ord]!.name}=${shown}`
  })
  console.log(`segment ${segment}, document ${doc}, score ${score.toFixed(3)}: ${fields.join(', ')}`)
}
