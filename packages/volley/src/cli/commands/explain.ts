import { connect } from '../../connect.ts'
import { explainJson } from '../../explain-json.ts'
import { explainLines } from '../../statements.ts'
import { UsageError } from '../errors.ts'
import { untilInterrupted } from '../interrupt.ts'
import { connectOptions, parseCommandLine, sessionOptions, sqlText } from '../options.ts'
import { writeOut } from '../output/write-out.ts'

/** `volley explain`: the stages of a query; with `--analyze`, what each did. */
export async function explain(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, {
    ...sessionOptions,
    analyze: { type: 'boolean', default: false },
    file: { type: 'string', short: 'f' },
  })
  const format = values.format ?? 'tree'
  if (format !== 'tree' && format !== 'json') throw new UsageError(`--format is tree or json, not ${format}`)
  const options = connectOptions(values)
  const text = await sqlText(positionals, values.file)
  return untilInterrupted(async (signal) => {
    const session = await connect({ ...options, signal })
    try {
      const explained = await session.explain(text, { signal, analyze: values.analyze })
      const output =
        format === 'json' ? JSON.stringify(explainJson(explained), null, 2) : explainLines(explained).join('\n')
      await writeOut(`${output}\n`)
      return 0
    } finally {
      await session.close()
    }
  })
}
