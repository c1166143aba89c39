import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { connect, type VolleySession } from 'volley'
import { differenceFrom } from './compare.ts'
import type { Failure } from './failure.ts'
import { formatCell } from './format-value.ts'
import { differencesText } from './reasons.ts'
import { parseSltFile, sltFiles, type SltRecord } from './parse.ts'

const usage =
  'usage: npm run slt -- PATH... [--set KEY=VALUE ...] [--list-failures] [--groups] [--show TEXT] [--differences FILE] [--timeout SECONDS] [--workers N]'

interface Totals {
  passed: number
  skipped: number
  statements: number
  readonly failures: Failure[]
  readonly statementFailures: Failure[]
}

/**
 * Runs sqllogictest files and counts the queries whose answer is right. EXPLAIN queries are skipped. Statements do not
 * count; those that fail are listed with `--list-failures`.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true, default: [] },
      'list-failures': { type: 'boolean', default: false },
      groups: { type: 'boolean', default: false },
      show: { type: 'string' },
      differences: { type: 'string' },
      timeout: { type: 'string', default: '30' },
      workers: { type: 'string', default: '0' },
    },
  })
  if (positionals.length === 0) {
    console.error(usage)
    return 2
  }
  const totals: Totals = { passed: 0, skipped: 0, statements: 0, failures: [], statementFailures: [] }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-slt-'))
  try {
    for (const file of sltFiles(positionals)) {
      const before = [totals.passed, totals.failures.length] as const
      const options = { settings: values.set, timeout: Number(values.timeout) * 1000, workers: Number(values.workers) }
      await runFile(file, scratch, options, totals)
      const [passed, failed] = [totals.passed - before[0], totals.failures.length - before[1]]
      process.stderr.write(`${path.relative(process.cwd(), file)}: ${passed} passed, ${failed} failed\n`)
    }
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
  if (values.differences !== undefined) {
    const root = path.resolve(positionals[0]!)
    const place = (at: string): string => path.relative(root, at)
    fs.writeFileSync(values.differences, `${differencesText(totals.failures, place)}`)
  }
  if (values.show !== undefined) show(totals, values.show)
  if (values['list-failures'] || values.groups) list(totals, values['list-failures'])
  console.log(`${totals.passed} passed, ${totals.failures.length} failed, ${totals.skipped} skipped`)
  return totals.failures.length === 0 ? 0 : 1
}

interface FileOptions {
  readonly settings: readonly string[]
  readonly timeout: number
  readonly workers: number
}

async function runFile(file: string, scratch: string, options: FileOptions, totals: Totals): Promise<void> {
  const records = parseSltFile(path.resolve(file))
  const settings = new Map(options.settings.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]))
  const session = await connect({ settings, localWorkers: options.workers })
  const place = placesOf(file, scratch)
  const labels = new Map<string, string>()
  const unmade = new Map<string, string>()
  try {
    for (const record of records) {
      if (record.kind === 'query' && /^\s*(?:--[^\n]*\n\s*)*explain\b/i.test(record.sql)) {
        totals.skipped++
        continue
      }
      const failure = await runRecord(session, { ...record, sql: place(record.sql) }, labels, options.timeout)
      if (record.kind === 'query' && failure === null) totals.passed++
      if (record.kind === 'statement') totals.statements++
      if (failure === null) continue
      const made = /^\s*create\s[^(]*?\b(?:table|view)\s+(?:if\s+not\s+exists\s+)?"?([\w.]+)/i.exec(record.sql)?.[1]
      if (record.kind === 'statement' && made !== undefined) unmade.set(made.toLowerCase(), failure)
      const listed = { at: record.at, sql: record.sql, reason: withCause(failure, unmade) }
      if (record.kind === 'query') totals.failures.push(listed)
      else totals.statementFailures.push(listed)
    }
  } finally {
    await session.close()
  }
}

/** Of a table that is not there, why it was not made. */
function withCause(failure: string, unmade: ReadonlyMap<string, string>): string {
  const table = /^error: table "([^"]*)" does not exist/.exec(failure)?.[1]
  if (table === undefined) return failure
  const cause = unmade.get(table)
  return cause === undefined
    ? `error: table "${table}" is made by no statement`
    : `error: table "${table}" was not made: ${cause.replace(/^error: /, '')}`
}

/** Paths of the files' own repository as paths of this machine: data beside the folder, and a folder to write to. */
function placesOf(file: string, scratch: string): (sql: string) => string {
  let data: string | null = null
  for (let dir = path.dirname(path.resolve(file)); data === null; dir = path.dirname(dir)) {
    if (fs.existsSync(path.join(dir, 'testing', 'data'))) data = path.join(dir, 'testing')
    if (path.dirname(dir) === dir) break
  }
  return (sql) => {
    const written = sql.replaceAll(/'test_files\/scratch\//g, `'${scratch}/`)
    return data === null ? written : written.replaceAll(/'(?:\.\.\/)+testing\//g, `'${data}/`)
  }
}

/** What is wrong, or null. */
async function runRecord(
  session: VolleySession,
  record: SltRecord,
  labels: Map<string, string>,
  timeout: number,
): Promise<string | null> {
  let rows: string[][]
  let width = 0
  try {
    const result = await session.sql(record.sql, { signal: AbortSignal.timeout(timeout) })
    const { fields } = result.schema
    width = fields.length
    rows = []
    for await (const chunk of result.chunks()) {
      for (const row of chunk) rows.push(row.map((value, i) => formatCell(value, fields[i]!.type)))
    }
  } catch (error) {
    if (record.expect === 'error') return null
    const stack = process.env.VOLLEY_DEBUG === undefined ? '' : `\n${(error as Error).stack}`
    return `error: ${(error as Error).message}${stack}`
  }
  if (record.expect === 'error') return 'no error'
  if (record.kind === 'statement') return null
  if (record.label !== null && record.rows.length === 0) {
    const text = JSON.stringify(record.sort === 'nosort' ? rows : rows.map((row) => row.join(' ')).sort())
    const known = labels.get(record.label) ?? text
    labels.set(record.label, known)
    return known === text ? null : `another answer than the query before with the label ${record.label}`
  }
  if (rows.length > 0 && width !== record.types.length) return `${width} columns, not ${record.types.length}`
  return differenceFrom(record.rows, rows, record.sort)
}

/** A reason without what is different in each query, to group by. */
function groupOf(reason: string): string {
  if (!reason.startsWith('error: ')) return reason.replace(/^(line \d+ is|\d+ lines|\d+ columns).*$/s, 'another answer')
  return reason
    .split('\n')[0]!
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/'[^']*'/g, '…')
    .replaceAll(/\d+/g, 'N')
}

function list(totals: Totals, each: boolean): void {
  for (const [title, failures] of [
    ['statements', totals.statementFailures],
    ['queries', totals.failures],
  ] as const) {
    const groups = Map.groupBy(failures, (failure) => groupOf(failure.reason))
    const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length)
    console.log(`\n${failures.length} failed ${title}, by reason`)
    for (const [group, members] of sorted) {
      console.log(`${String(members.length).padStart(5)}  ${group}`)
      if (!each) continue
      for (const { at, reason } of members) {
        console.log(`         ${path.relative(process.cwd(), at)}  ${reason.split('\n')[0]!.slice(0, 300)}`)
      }
    }
  }
}

function show(totals: Totals, text: string): void {
  for (const { at, sql, reason } of [...totals.statementFailures, ...totals.failures]) {
    if (!at.includes(text) && !reason.includes(text)) continue
    console.log(`\n${at}\n${sql}\n  -> ${reason}`)
  }
}

process.exitCode = await main()
