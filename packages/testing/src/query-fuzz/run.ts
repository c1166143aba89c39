import { parseArgs } from 'node:util'
import { fuzzQueries } from './fuzz-queries.ts'

const usage = 'usage: npm run fuzz:sql -- [--queries N] [--seed N] [--mutations N] [--show N]'

/** Runs random queries beside DuckDB; prints what differs with all that is needed to see it again. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      queries: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      mutations: { type: 'string' },
      show: { type: 'string', default: '10' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.error(usage)
    return 2
  }
  const queries = Number(values.queries)
  const report = await fuzzQueries({
    queries,
    seed: Number(values.seed),
    mutations: Number(values.mutations ?? queries),
    onProgress: ({ same, failures, mutatedRefused }) => {
      if (process.stderr.isTTY) {
        process.stderr.write(`\r${same} alike, ${mutatedRefused} mutated refused, ${failures.length} failed `)
      }
    },
  })
  for (const { seed, sql, settings, ddl, what } of report.failures.slice(0, Number(values.show))) {
    console.log(`-- seed ${seed}, ${JSON.stringify(settings)}: ${what}`)
    console.log(`${[...ddl, sql].join(';\n')};\n`)
  }
  const { same, withRows, refused, refusedByPeer, mutatedAnswered, mutatedRefused, failures } = report
  console.log(`${same} queries answered as DuckDB does, ${withRows} of them with rows; ${refused} refused by both`)
  console.log(`${refusedByPeer} answered that DuckDB refuses`)
  console.log(`${mutatedAnswered} mutated texts answered, ${mutatedRefused} refused`)
  console.log(`${same + refused + mutatedAnswered + mutatedRefused} passed, ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}

process.exitCode = await main()
