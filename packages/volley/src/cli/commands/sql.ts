import { connect } from '../../connect.ts'
import { UsageError } from '../errors.ts'
import { untilInterrupted } from '../interrupt.ts'
import { connectOptions, parseCommandLine, sessionOptions, sqlText } from '../options.ts'
import { outputFormats, writeResult, type OutputFormat } from '../output/format.ts'
import { writeOut } from '../output/write-out.ts'

/** `volley sql`: runs every statement and prints the rows of each. */
export async function sql(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, { ...sessionOptions, file: { type: 'string', short: 'f' } })
  const format = outputFormat(values.format)
  const options = connectOptions(values)
  const text = await sqlText(positionals, values.file)
  const width = process.stdout.isTTY ? process.stdout.columns : null
  return untilInterrupted(async (signal) => {
    const session = await connect({ ...options, signal })
    try {
      for (const statement of await session.statements(text)) {
        const result = await session.run(statement, { signal })
        if (result.schema.fields.length > 0) await writeResult(result, format, writeOut, width)
        else console.error(result.command)
      }
      return 0
    } finally {
      await session.close()
    }
  })
}

function outputFormat(name: string | undefined): OutputFormat {
  const format = name ?? (process.stdout.isTTY ? 'table' : 'ndjson')
  if (!(outputFormats as readonly string[]).includes(format)) {
    throw new UsageError(`--format is one of ${outputFormats.join(', ')}, not ${format}`)
  }
  return format as OutputFormat
}
