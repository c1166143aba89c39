import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { styleText } from 'node:util'
import { jsonValue } from '@volley/core'
import { connect } from '../../connect.ts'
import { barChart } from '../../demo/bar-chart.ts'
import { story, type DemoStep } from '../../demo/story.ts'
import { packageFile } from '../../package-files.ts'
import type { VolleySession } from '../../session.ts'
import { explainLines } from '../../statements.ts'
import { UsageError } from '../errors.ts'
import { untilInterrupted } from '../interrupt.ts'
import { parseCommandLine } from '../options.ts'
import { writeTable } from '../output/table.ts'
import { writeOut } from '../output/write-out.ts'

const WIDTH = 110

/** `volley demo`: installs the demo's splits into a temporary folder and investigates an incident, on two workers. */
export async function demo(args: readonly string[]): Promise<number> {
  const { values } = parseCommandLine(args, { workers: { type: 'string', default: '2' } })
  const started = performance.now()
  const tree = installDemo()
  try {
    return await untilInterrupted(async (signal) => {
      await say(`${bold('A web shop, 2026-03-03.')} Customers say that checkouts fail. Why?\n`)
      await say(dim(`Splits that Quickwit wrote, installed in ${tree}; ${values.workers} local workers.\n`))
      const session = await connect({
        metastore: pathToFileURL(path.join(tree, 'indexes')).href,
        localWorkers: Number(values.workers),
        settings: { target_partitions: '2' },
        signal,
      })
      try {
        for (const [i, step] of story.entries()) await show(session, step, i + 1, signal)
      } finally {
        await session.close()
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      await say(
        `\n${bold('Verdict:')} a vacuum on the ledger's table entries slowed inserts in eu-west-1 until the connection pool ran dry.\n`,
      )
      await say(
        dim(
          `${story.length} queries in ${seconds} s. Try your own: npx volley sql --metastore file:///path/to/indexes 'SELECT …'\n`,
        ),
      )
      return 0
    })
  } finally {
    fs.rmSync(tree, { recursive: true, force: true })
  }
}

async function show(session: VolleySession, step: DemoStep, number: number, signal: AbortSignal): Promise<void> {
  await say(`\n${bold(`${number}. ${step.question}`)}\n${dim(indent(step.sql))}\n\n`)
  const started = performance.now()
  if (step.explain === true) {
    const lines = explainLines(await session.explain(step.sql, { signal, analyze: true }))
    await say(`${indent(lines.map((line) => cut(line, WIDTH + 30)).join('\n'))}\n`)
  } else if (step.chart !== undefined) {
    await say(`${await chart(session, step, signal)}\n`)
  } else {
    await writeTable(await session.sql(step.sql, { signal }), writeOut, WIDTH)
  }
  const ms = Math.round(performance.now() - started)
  await say(`${green('→')} ${step.finding} ${dim(`(${ms} ms)`)}\n`)
}

async function chart(session: VolleySession, step: DemoStep, signal: AbortSignal): Promise<string> {
  const result = await session.sql(step.sql, { signal })
  const { fields } = result.schema
  const [label, value] = [step.chart!.label, step.chart!.value].map((name) =>
    fields.findIndex((field) => field.name === name),
  )
  const bars: { label: string; value: number }[] = []
  for await (const rows of result.chunks()) {
    for (const row of rows) {
      const text = String(jsonValue(row[label!]!, fields[label!]!.type))
      bars.push({ label: text.replace(/^\d+-\d+-\d+T(\d+:\d+).*$/, '$1'), value: Number(row[value!]) })
    }
  }
  return barChart(bars, 78)
}

/** Copies the demo's splits and puts their real place into the metastore's files. */
function installDemo(): string {
  const source = packageFile('../../fixtures/demo/indexes')
  if (!fs.existsSync(source)) throw new UsageError('the demo needs its splits: run it in a clone of the repository')
  const tree = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-demo-'))
  fs.cpSync(source, path.join(tree, 'indexes'), { recursive: true })
  for (const index of fs.readdirSync(path.join(tree, 'indexes'), { withFileTypes: true })) {
    if (!index.isDirectory()) continue
    const file = path.join(tree, 'indexes', index.name, 'metastore.json')
    const text = fs.readFileSync(file, 'utf8').replaceAll('file:///QW_ROOT/', `${pathToFileURL(tree).href}/`)
    fs.writeFileSync(file, text)
  }
  return tree
}

const styled = process.stdout.isTTY && process.env.NO_COLOR === undefined

function bold(text: string): string {
  return styled ? styleText('bold', text) : text
}

function dim(text: string): string {
  return styled ? styleText('dim', text) : text
}

function green(text: string): string {
  return styled ? styleText('green', text) : text
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`
}

function say(text: string): Promise<void> {
  return writeOut(text)
}
