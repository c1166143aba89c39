/*
 * Times the aggregation requests of the judge's bench.jsonl: node -C @volley/source bench/aggregations.ts INDEX REQUESTS
 * [REPEAT] [NAME...]. Documents of a query are collected anew each time; columns are open.
 */
import { readFileSync } from 'node:fs'
import {
  AggregationCollector,
  finishAggregations,
  mergePartials,
  openIndex,
  parseAggregations,
  prepare,
  QueryParser,
} from '@volley/tantivy'
import { nodeDirectory, nodeZstdDecompress } from '@volley/tantivy/node'

interface BenchRequest {
  readonly id: string
  readonly op: string
  readonly q?: string
  readonly fields?: string
  readonly agg?: unknown
}

const [folder, file, repeat = '15', ...names] = process.argv.slice(2)
const index = await openIndex(nodeDirectory(folder!), { zstdDecompress: nodeZstdDecompress })
const requests = readFileSync(file!, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as BenchRequest)
  .filter(({ id, op }) => op === 'agg' && (names.length === 0 || names.includes(id)))

for (const { id, q, fields, agg } of requests) {
  const request = parseAggregations(agg)
  const defaultFields = (fields ?? '').split(',').filter((name) => name !== '')
  const query = q === undefined ? null : new QueryParser(index.schema, index.tokenizers, { defaultFields }).parse(q)
  const times: number[] = []
  let result: unknown
  for (let k = 0; k < Number(repeat); k += 1) {
    const start = performance.now()
    const partials = await Promise.all(
      index.segments.map(async (segment) => {
        const collector = await AggregationCollector.forSegment(segment, request)
        if (query === null) collector.collectAll()
        else {
          const prepared = await prepare(query, segment, { scoring: false })
          const docs = prepared.docs(0, segment.maxDoc)
          collector.collect(docs.subarray(0, segment.alive?.filter(docs, docs.length) ?? docs.length))
        }
        return collector.partial()
      }),
    )
    result = finishAggregations(partials.reduce(mergePartials), request)
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const median = times[times.length >> 1]!
  console.log(`${id.padEnd(20)} ${times[0]!.toFixed(2).padStart(8)} ${median.toFixed(2).padStart(8)} ms`)
  if (process.env['RESULTS'] !== undefined) console.log(JSON.stringify(result).slice(0, 300))
}
