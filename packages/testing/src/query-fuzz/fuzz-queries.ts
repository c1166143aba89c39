import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { SqlState, VolleyError } from '@volley/core'
import { connect, type VolleySession } from 'volley'
import { answerDifference, duckdbRows, volleyRows, type Cell } from '../oracle/answers.ts'
import { mutateText } from './mutate-text.ts'
import { RandomQueries } from './random-query.ts'
import { randomTables } from './random-tables.ts'
import { Random } from './random.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly queries: number
  /** Of how many queries the text is also mutated. */
  readonly mutations: number
  readonly onProgress?: (report: FuzzReport) => void
}

export interface FuzzReport {
  /** Queries that both engines answered alike, and those of them that had rows. */
  same: number
  withRows: number
  /** Queries that both engines refused, and those that only DuckDB refused. */
  refused: number
  refusedByPeer: number
  /** Mutated texts that were answered, and those that were refused with one clear error. */
  mutatedAnswered: number
  mutatedRefused: number
  readonly failures: FuzzFailure[]
}

export interface FuzzFailure {
  readonly seed: number
  readonly sql: string
  readonly settings: Readonly<Record<string, string>>
  readonly ddl: readonly string[]
  readonly what: string
}

const QUERIES_PER_DATABASE = 25

/**
 * Compares answers to random queries over random tables with DuckDB's, under random settings with random rules switched
 * off, and gives mutated text to the session, which has to answer it or refuse it with an error that is no internal one.
 */
export async function fuzzQueries(options: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = {
    same: 0,
    withRows: 0,
    refused: 0,
    refusedByPeer: 0,
    mutatedAnswered: 0,
    mutatedRefused: 0,
    failures: [],
  }
  const instance = await DuckDBInstance.create(':memory:')
  const duckdb = await instance.connect()
  try {
    for (let done = 0, seed = options.seed; done < options.queries; done += QUERIES_PER_DATABASE, seed++) {
      const count = Math.min(QUERIES_PER_DATABASE, options.queries - done)
      await fuzzDatabase(duckdb, seed, count, Math.ceil((options.mutations * count) / options.queries), report)
      options.onProgress?.(report)
    }
  } finally {
    duckdb.disconnectSync()
    instance.closeSync()
  }
  return report
}

async function fuzzDatabase(
  duckdb: DuckDBConnection,
  seed: number,
  queries: number,
  mutations: number,
  report: FuzzReport,
): Promise<void> {
  const random = new Random(seed)
  const { tables, ddl } = randomTables(random)
  const session = await connect({ poison: true, files: false })
  try {
    for (const { name } of tables) await duckdb.run(`DROP TABLE IF EXISTS ${name}`)
    for (const statement of ddl) {
      await duckdb.run(statement)
      await volleyRows(await session.sql(statement))
    }
    const generator = new RandomQueries(random, tables)
    for (let i = 0; i < queries; i++) {
      const { sql, ordered } = generator.query()
      const settings = randomSettings(random, session)
      session.settings.reset('all')
      for (const [name, value] of Object.entries(settings)) session.set(name, value)
      const failure = await compare(session, duckdb, sql, ordered, report)
      if (failure !== null) report.failures.push({ seed, sql, settings, ddl, what: failure })
      if (i >= mutations) continue
      const text = mutateText(random, sql)
      const crash = await refusal(session, text, report)
      if (crash !== null) report.failures.push({ seed, sql: text, settings, ddl, what: crash })
    }
  } finally {
    await session.close()
  }
}

function randomSettings(random: Random, session: VolleySession): Record<string, string> {
  const settings: Record<string, string> = { target_partitions: String(1 + random.below(4)) }
  if (random.chance(50)) settings.batch_size = String(1 + random.below(9))
  if (random.chance(40)) settings.join_mode = random.pick(['collect_left', 'partitioned', 'lookup', 'sort_merge'])
  const rules = session.settings.show('all').filter(({ name }) => name.startsWith('rules.'))
  if (random.chance(40)) for (const { name } of random.list(1, 4, () => random.pick(rules))) settings[name] = 'off'
  return settings
}

async function compare(
  session: VolleySession,
  duckdb: DuckDBConnection,
  sql: string,
  ordered: boolean,
  report: FuzzReport,
): Promise<string | null> {
  const [ours, theirs] = [await outcome(session, sql), await peerOutcome(duckdb, sql)]
  if (ours instanceof VolleyError) {
    if (theirs !== null || ours.code === SqlState.internalError) return `${ours.code}: ${ours.message}`
    report.refused++
    return null
  }
  if (theirs === null) {
    report.refusedByPeer++
    return null
  }
  const difference = answerDifference(ours, theirs, ordered)
  if (difference !== null) return difference
  report.same++
  report.withRows += +(ours.length > 0)
  return null
}

async function refusal(session: VolleySession, text: string, report: FuzzReport): Promise<string | null> {
  const answer = await outcome(session, text)
  if (!(answer instanceof VolleyError)) {
    report.mutatedAnswered++
    return null
  }
  if (answer.code === SqlState.internalError || answer.message.includes('\n'))
    return `${answer.code}: ${answer.message}`
  report.mutatedRefused++
  return null
}

async function outcome(session: VolleySession, sql: string): Promise<Cell[][] | VolleyError> {
  try {
    return await volleyRows(await session.sql(sql))
  } catch (error) {
    if (error instanceof VolleyError) return error
    return new VolleyError(`no error of ours: ${String(error)}`, { code: SqlState.internalError })
  }
}

/** Rows, or null for a query that the peer refuses. */
async function peerOutcome(duckdb: DuckDBConnection, sql: string): Promise<Cell[][] | null> {
  try {
    return await duckdbRows(duckdb, sql)
  } catch {
    return null
  }
}
