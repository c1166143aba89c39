import { parseArgs } from 'node:util'
import { runAnswers } from './run-answers.ts'

const usage = 'usage: npm run answers -- DIR TREE [--only NAME]'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
  const [dir, tree] = positionals
  if (dir === undefined || tree === undefined) {
    console.error(usage)
    return 2
  }
  const { passed, skipped, failures } = await runAnswers(dir, tree, values.only)
  for (const failure of failures) console.log(`FAIL ${failure}`)
  if (skipped > 0) console.log(`${skipped} of other kinds skipped`)
  console.log(`${passed} passed, ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}

process.exitCode = await main()
