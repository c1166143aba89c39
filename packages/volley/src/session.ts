import {
  internalError,
  SqlState,
  toArrowRecordBatch,
  toArrowSchema,
  VolleyError,
  type FunctionRegistry,
  type ExecutionPlan,
  type RecordBatch,
  type ScalarFunction,
  type ScalarValue,
} from '@volley/core'
import { RendezvousPlacement } from '@volley/cluster'
import {
  applyPhysicalRules,
  createPhysicalPlan,
  optimize,
  logicalRules,
  optimizeVerbose,
  planDistributed,
  type Catalog,
  type DistributedPlan,
  type DistributionContext,
  type LogicalPlan,
  type PhysicalChange,
  type PhysicalPlanningContext,
  type PlanningContext,
  type Session,
  type SessionSettings,
  type Statement,
  type TableProvider,
  type WorkerResolver,
} from '@volley/planner'
import {
  estimateReads,
  jsonPaths,
  QuickwitTableProvider,
  sampleRows,
  tooManyBytes,
  type JsonPaths,
  type ReadEstimate,
  type SplitIndexOpener,
} from '@volley/splits'
import {
  bindStatement,
  constantOf,
  parseStatements,
  withParameters,
  type AstStatement,
  type Parameters,
} from '@volley/sql'
import {
  LOCAL_WORKER,
  type Coordinator,
  type DistributedExecution,
  type ExecutionMetrics,
} from '@volley/worker/coordinator'
import { Table, type RecordBatch as ArrowRecordBatch, type Schema } from 'apache-arrow'
import { batchRows } from './batch-rows.ts'
import { constantKey, type Constant } from './constant-key.ts'
import { oneTaskRules, physicalRules } from './physical-rules.ts'
import { chooseThreads, ownFunction, type ThreadChoice } from './choose-threads.ts'
import { FreshSnapshotExecution, type Execution } from './fresh-snapshot.ts'
import { KnownPlans, NotedContext } from './known-plans.ts'
import { describeColumns, runDefinition, showCreate, type Definition } from './run-definition.ts'
import {
  describeTable,
  explainEstimate,
  explainPlan,
  type IdleRules,
  noRows,
  showSettings,
  showTables,
  type FragmentChange,
} from './statements.ts'
import type { StaticRows } from './static-rows.ts'
import { FileTable } from './files/file-table.ts'
import { MemoryTable } from './tables/memory-table.ts'
import { SessionCatalog, SessionTables, type TableFunction } from './tables/session-catalog.ts'
import { scalarFunctionOf, type UserFunction } from './user-function.ts'

export interface RunOptions {
  readonly signal?: AbortSignal
  /** Values of `$1`, `$2`, ... in order, or of `$name` by name. */
  readonly params?: readonly unknown[] | Readonly<Record<string, unknown>>
}

/** What a session is made of; `connect` builds it. */
export interface SessionParts {
  readonly settings: SessionSettings
  readonly functions: FunctionRegistry
  readonly coordinator: Coordinator
  /** Opens splits for estimates. */
  readonly opener: SplitIndexOpener
  readonly workers: WorkerResolver
  /** A catalog for one statement, which lists each index once. */
  readonly newCatalog: () => Catalog
  /** Whether statements may read and write files of this machine. */
  readonly files?: boolean
  readonly tableFunctions?: ReadonlyMap<string, TableFunction>
  /** The table of a file in the place of a table's name. */
  readonly fileNamed?: (location: string) => Promise<TableProvider | null>
  /** Ends what the session started. */
  readonly dispose: () => Promise<void>
}

/** Rows of one statement, read once. */
export class QueryResult {
  readonly schema: Schema
  /** What PostgreSQL's command tag starts with: `SELECT`, `SET`, `EXPLAIN`, … */
  readonly command: string
  readonly #rows: StaticRows | Execution

  constructor(command: string, rows: StaticRows | Execution) {
    this.command = command
    this.schema = rows.schema
    this.#rows = rows
  }

  /** The rows as JavaScript values, some at a time. 64-bit values are bigint, timestamps counts of their unit. */
  async *chunks(): AsyncGenerator<readonly (readonly ScalarValue[])[], void, void> {
    if (isStatic(this.#rows)) {
      if (this.#rows.rows.length > 0) yield this.#rows.rows
      return
    }
    try {
      for (let batch = await this.#rows.next(); batch !== null; batch = await this.#rows.next()) {
        if (batch.numRows > 0) yield batchRows(batch)
      }
    } finally {
      await this.#rows.close()
    }
  }

  /** The rows as Arrow batches in ordinary memory. */
  async *batches(): AsyncGenerator<ArrowRecordBatch, void, void> {
    if (isStatic(this.#rows)) {
      yield* this.#rows.batches()
      return
    }
    try {
      for (let batch = await this.#rows.next(); batch !== null; batch = await this.#rows.next()) {
        if (batch.numRows > 0) yield toArrowRecordBatch(batch)
      }
    } finally {
      await this.#rows.close()
    }
  }

  /** All rows as one Arrow table. */
  async toTable(): Promise<Table> {
    const batches: ArrowRecordBatch[] = []
    for await (const batch of this.batches()) batches.push(batch)
    return new Table(toArrowSchema(this.schema), batches)
  }

  async cancel(): Promise<void> {
    if (!isStatic(this.#rows)) await this.#rows.close()
  }
}

function isStatic(rows: StaticRows | Execution): rows is StaticRows {
  return 'rows' in rows
}

/** Runs SQL over a metastore's indexes, on workers or in this process. One statement at a time changes its settings. */
export class VolleySession implements Session {
  readonly settings: SessionSettings
  readonly functions: FunctionRegistry
  readonly #parts: SessionParts
  readonly #tables = new SessionTables()
  readonly #prepared = new Map<string, Extract<AstStatement, { kind: 'prepare' }>>()
  /** Of statements that EXECUTE, what they execute. */
  readonly #boundBy = new WeakMap<
    AstStatement,
    { readonly prepared: Extract<AstStatement, { kind: 'prepare' }>; readonly bound: AstStatement }
  >()
  /** Functions that only this thread has. */
  readonly #ownFunctions = new Set<ScalarFunction>()
  readonly #known = new KnownPlans()
  /** Of plans for this process. */
  readonly #choices = new WeakMap<DistributedPlan, ThreadChoice>()

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.settings = parts.settings
    this.functions = parts.functions
  }

  /** Tables as they are now. */
  get catalog(): Catalog {
    return this.#newCatalog()
  }

  #newCatalog(): SessionCatalog {
    return new SessionCatalog({
      tables: this.#tables,
      base: this.#parts.newCatalog(),
      settings: this.settings,
      functions: this.functions,
      tableFunctions: this.#parts.tableFunctions ?? new Map(),
      fileNamed: this.#parts.fileNamed ?? (() => Promise.resolve(null)),
      jsonPaths: (table) => this.#jsonPaths(table),
    })
  }

  /**
   * Adds a function to this session's SQL. Its queries run in this thread: a function of JavaScript cannot go to another one.
   *
   * @throws VolleyError 42723 when there is a function of this name
   */
  registerFunction(given: UserFunction): void {
    const name = given.name.toLowerCase()
    if (this.functions.scalar(name) !== undefined || this.functions.aggregate(name) !== undefined) {
      throw new VolleyError(`function "${name}" exists already`, { code: '42723' })
    }
    const fn = scalarFunctionOf(given)
    this.functions.registerScalar(fn)
    this.#ownFunctions.add(fn)
  }

  async #jsonPaths(table: TableProvider): Promise<JsonPaths | null> {
    return table instanceof QuickwitTableProvider ? jsonPaths(table.snapshot, this.#parts.opener) : null
  }

  /** Workers that queries run on; `local` is this process. */
  workerUrls(): Promise<readonly string[]> {
    return this.#parts.workers.getUrls()
  }

  /** Parses statements; they are bound one by one, when they are run. */
  statements(text: string): Promise<AstStatement[]> {
    return this.#known.statements(text, parseStatements)
  }

  set(name: string, value: string): void {
    this.settings.set(name, value)
  }

  /**
   * Runs SQL and gives the rows of its last statement.
   *
   * @throws VolleyError for text that is not SQL, names that do not exist, and everything that fails before the first row.
   */
  async sql(text: string, options: RunOptions = {}): Promise<QueryResult> {
    const statements = await this.statements(text)
    if (statements.length === 0) throw new VolleyError('there is no statement', { code: SqlState.syntaxError })
    for (const statement of statements.slice(0, -1)) {
      const result = await this.run(statement, options)
      for await (const _ of result.chunks()) continue
    }
    return this.run(statements.at(-1)!, options)
  }

  /** Runs one statement. Rows are computed while they are read. */
  async run(given: AstStatement, options: RunOptions = {}): Promise<QueryResult> {
    options.signal?.throwIfAborted()
    const ast = options.params === undefined ? given : this.#withParameters(given, options.params)
    switch (ast.kind) {
      case 'prepare':
        return this.#prepare(ast)
      case 'execute':
        return this.run(this.#executed(ast), options.signal === undefined ? {} : { signal: options.signal })
      case 'deallocate':
        return this.#deallocate(ast)
    }
    const context = this.#planningContext()
    if (ast.kind === 'query') return new QueryResult('SELECT', await this.#query(ast, context, options))
    const statement = await bindStatement(ast, context)
    switch (statement.kind) {
      case 'query':
        throw internalError(`${ast.kind} is bound as a query`)
      case 'explain':
        return this.#explain(statement, context, options)
      case 'set':
        this.settings.set(statement.name, String(statement.value))
        return new QueryResult('SET', noRows)
      case 'reset':
        this.settings.reset(statement.name)
        return new QueryResult('RESET', noRows)
      case 'show':
        return new QueryResult('SHOW', showSettings(this.settings.show(statement.name)))
      case 'show_tables':
        return new QueryResult('SHOW', showTables(await context.catalog.tableNames()))
      case 'describe':
        return new QueryResult('SELECT', describeTable(statement.table, await this.#jsonPaths(statement.table)))
      case 'describe_query':
        return new QueryResult('SELECT', describeColumns(statement.columns))
      case 'show_create':
        return new QueryResult('SHOW', showCreate(statement.name, statement.table))
      default:
        return this.#define(statement, context, options)
    }
  }

  async #define(statement: Definition, context: PlanningContext, options: RunOptions): Promise<QueryResult> {
    const rows = await runDefinition(statement, {
      tables: this.#tables,
      catalog: this.#newCatalog(),
      files: this.#parts.files ?? false,
      memoryLimit: Number(this.settings.get('memory_limit') ?? 0) || Infinity,
      eachBatch: (plan, take) => this.#eachBatch(plan, context, options, take),
    })
    this.#known.forgetGone((name, table) => !(table instanceof MemoryTable) || this.#tables.get(name) === table)
    return new QueryResult(statement.kind.toUpperCase().replaceAll('_', ' '), rows)
  }

  /** Calls back with each batch of rows that there is; each is its owner's again afterwards. */
  async #eachBatch(
    logical: LogicalPlan,
    context: PlanningContext,
    options: RunOptions,
    take: (batch: RecordBatch) => Promise<void> | void,
  ): Promise<void> {
    const execution = this.#execute(await this.#checkReads(await this.#plan(logical, context), options), options)
    try {
      for (let batch = await execution.next(); batch !== null; batch = await execution.next()) {
        if (batch.numRows > 0) await take(batch)
      }
    } finally {
      await execution.close()
    }
  }

  #prepare(ast: Extract<AstStatement, { kind: 'prepare' }>): QueryResult {
    const name = nameOf(ast.name)
    if (this.#prepared.has(name))
      throw new VolleyError(`prepared statement "${name}" already exists`, { code: '42P05' })
    this.#prepared.set(name, ast)
    return new QueryResult('PREPARE', noRows)
  }

  #executed(ast: Extract<AstStatement, { kind: 'execute' }>): AstStatement {
    const prepared = this.#preparedBy(nameOf(ast.name))
    const known = this.#boundBy.get(ast)
    if (known?.prepared === prepared) return known.bound
    const bound = withParameters(prepared.statement, { values: ast.args, types: prepared.types })
    this.#boundBy.set(ast, { prepared, bound })
    return bound
  }

  #withParameters(ast: AstStatement, params: NonNullable<RunOptions['params']>): AstStatement {
    const key = keyOfParameters(params)
    const bind = (): AstStatement => withParameters(ast, parametersOf(params))
    return key === null ? bind() : this.#known.bound(ast, key, bind)
  }

  #deallocate(ast: Extract<AstStatement, { kind: 'deallocate' }>): QueryResult {
    if (ast.name === null) this.#prepared.clear()
    else {
      this.#preparedBy(nameOf(ast.name))
      this.#prepared.delete(nameOf(ast.name))
    }
    return new QueryResult('DEALLOCATE', noRows)
  }

  #preparedBy(name: string): Extract<AstStatement, { kind: 'prepare' }> {
    const prepared = this.#prepared.get(name)
    if (prepared !== undefined) return prepared
    throw new VolleyError(`prepared statement "${name}" does not exist`, { code: '26000' })
  }

  /** How a statement would run, or, with `analyze`, how it ran. */
  async explain(text: string, options: RunOptions & { readonly analyze?: boolean }): Promise<Explained> {
    const statements = await this.statements(text)
    const context = this.#planningContext()
    const statement = statements.length === 1 ? await bindStatement(statements[0]!, context) : null
    if (statement?.kind !== 'query' && statement?.kind !== 'explain') {
      throw new VolleyError('explain takes one query', { code: SqlState.syntaxError })
    }
    const plan = await this.#plan(statement.plan, context)
    const threads = this.#choices.get(plan) ?? null
    if (options.analyze !== true) return { plan, metrics: null, threads }
    return { ...(await this.#measure(plan, options)), threads }
  }

  async close(): Promise<void> {
    await this.#parts.dispose()
  }

  async #explain(
    statement: Extract<Statement, { kind: 'explain' }>,
    context: PlanningContext,
    options: RunOptions,
  ): Promise<QueryResult> {
    if (statement.estimate) {
      const estimate = await this.#estimate(await this.#plan(statement.plan, context, null, false), options)
      return new QueryResult('EXPLAIN', explainEstimate(estimate, statement.format))
    }
    const { changes: logical } = optimizeVerbose(statement.plan, context)
    const physical: PhysicalChange[] = []
    const plan = await this.#plan(statement.plan, context, (change) => physical.push(change))
    const threads = this.#choices.get(plan) ?? null
    const ran = statement.analyze
      ? await this.#measure(await this.#checkReads(plan, options), options)
      : { plan, metrics: null }
    const { verbose, format } = statement
    if (!verbose) return new QueryResult('EXPLAIN', explainPlan({ ...ran, threads }, { format, changes: null }))
    const fragments = this.#fragmentChanges(ran.plan)
    const changes = { logical, physical, fragments, ...this.#idleRules([...logical, ...physical], threads) }
    return new QueryResult('EXPLAIN', explainPlan({ ...ran, threads }, { format, changes }))
  }

  /** The rules that found nothing to do in a plan, and those that were not asked. */
  #idleRules(changes: readonly { readonly rule: string }[], threads: ThreadChoice | null): IdleRules {
    const did = new Set(changes.map(({ rule }) => rule))
    const asked = [...logicalRules, ...physicalRules, ...(threads?.threads === 1 ? oneTaskRules : [])]
    const isOn = (rule: (typeof asked)[number]): boolean =>
      ('required' in rule && rule.required === true) || this.settings.ruleEnabled(rule.name)
    return {
      idle: asked.filter((rule) => isOn(rule) && !did.has(rule.name)).map(({ name }) => name),
      off: asked.filter((rule) => !isOn(rule)).map(({ name }) => name),
    }
  }

  /** What the rules of workers do to the fragments of a plan: they are the same here. */
  #fragmentChanges(plan: DistributedPlan): FragmentChange[] {
    const { session } = this.#parts.coordinator
    const changes: FragmentChange[] = []
    for (const stage of plan.stages) {
      for (const [task, { plan: given, worker }] of stage.tasks.entries()) {
        session.optimize?.(given, this.settings.entries(), (change) =>
          changes.push({ ...change, stage: stage.id, task, worker }),
        )
      }
    }
    return changes
  }

  async #plan(
    logical: LogicalPlan,
    context: PlanningContext,
    onRule: ((change: PhysicalChange) => void) | null = null,
    sample = Number(this.settings.get('max_bytes_scanned')) === 0,
  ): Promise<DistributedPlan> {
    const plan = optimize(logical, context)
    const planning: PhysicalPlanningContext = {
      settings: this.settings,
      rows: sample ? await this.#sampledRows(plan) : new Map(),
      physicalRules,
      distributed: true,
      ...(onRule === null ? {} : { onRule }),
    }
    const physical = createPhysicalPlan(plan, planning)
    const own = ownFunction(plan, this.#ownFunctions)
    const workers = own === null ? await this.#parts.workers.getUrls() : [LOCAL_WORKER]
    const placement = new RendezvousPlacement()
    if (workers.length !== 1 || workers[0] !== LOCAL_WORKER) {
      return planDistributed(physical, { workers, placement, ...this.#adaptive(planning) })
    }
    const choice: ThreadChoice =
      own === null
        ? chooseThreads(physical, this.settings)
        : { threads: 1, reason: `the function ${own.name} is of this session` }
    const distributed =
      choice.threads === 1
        ? planDistributed(applyPhysicalRules(physical, oneTaskRules, planning), { workers, placement })
        : this.#planForThreads(plan, choice.threads, planning)
    this.#choices.set(distributed, choice)
    return distributed
  }

  /** Partitions are dealt to threads: each has its part of those that one task would have. */
  #planForThreads(plan: LogicalPlan, threads: number, planning: PhysicalPlanningContext): DistributedPlan {
    const settings = this.settings.clone()
    settings.set('target_partitions', Math.ceil(settings.targetPartitions / threads))
    const { onRule: _, ...rest } = planning
    const ofThreads: PhysicalPlanningContext = { ...rest, settings, threads: true }
    return planDistributed(createPhysicalPlan(plan, ofThreads), {
      workers: Array.from({ length: threads }, (_, i) => `${LOCAL_WORKER}:${i}`),
      placement: new RendezvousPlacement(),
      threads: true,
      ...this.#adaptive(ofThreads),
    })
  }

  /** Whether and how joins are decided while a query runs; not where one way of running them is asked for. */
  #adaptive(planning: PhysicalPlanningContext): Pick<DistributionContext, 'adaptive'> {
    const { settings } = planning
    if (settings.get('adaptive_joins') === 'off' || settings.get('join_mode') !== 'auto') return {}
    const broadcastBytes = Number(settings.get('broadcast_threshold_bytes'))
    const { onRule: _, ...quiet } = planning
    const rules = physicalRules.filter(({ name, afterSwitch }) => afterSwitch === true && settings.ruleEnabled(name))
    const refine = (plan: ExecutionPlan): ExecutionPlan => rules.reduce((left, rule) => rule.apply(left, quiet), plan)
    return { adaptive: { broadcastBytes, targetPartitions: settings.targetPartitions, refine } }
  }

  /** Rows of what is joined, about, where the sources can tell by a few splits. */
  async #sampledRows(plan: LogicalPlan): Promise<ReadonlyMap<LogicalPlan, number>> {
    const { session } = this.#parts.coordinator
    const context = session.context('planning', this.settings.entries(), new AbortController().signal)
    try {
      return await sampleRows(plan, this.settings, context)
    } finally {
      await context.close()
    }
  }

  #estimate(plan: DistributedPlan, { signal }: RunOptions): Promise<ReadEstimate> {
    return estimateReads([plan.root, ...plan.stages.map((stage) => stage.plan)], this.#parts.opener, signal)
  }

  /** @throws VolleyError 54000 when a plan is estimated to read more than `max_bytes_scanned`. */
  async #checkReads(plan: DistributedPlan, options: RunOptions): Promise<DistributedPlan> {
    const limit = Number(this.settings.get('max_bytes_scanned'))
    if (limit > 0) {
      const { bytes } = await this.#estimate(plan, options)
      if (bytes > limit) throw tooManyBytes('would read', bytes, limit)
    }
    return plan
  }

  async #query(ast: AstStatement, context: NotedContext, options: RunOptions): Promise<Execution> {
    const basis = { settings: this.settings.version, workers: (await this.#parts.workers.getUrls()).join('\0') }
    const remembers = this.settings.get('remember_plans') === 'on'
    const known = remembers ? await this.#known.find(ast, context.catalog, basis) : null
    const plan = known ?? (await this.#planStatement(ast, context))
    const { tables } = context
    if (remembers && known === null && tables !== null) this.#known.add(ast, plan, { ...basis, tables })
    return new FreshSnapshotExecution({
      plan: await this.#checkReads(plan, options),
      execute: (planned) => this.#execute(planned, options),
      replan: () => this.#planStatement(ast, this.#planningContext()),
    })
  }

  async #planStatement(ast: AstStatement, context: PlanningContext): Promise<DistributedPlan> {
    const statement = await bindStatement(ast, context)
    if (statement.kind !== 'query') throw internalError(`${ast.kind} is not bound as a query`)
    return this.#plan(statement.plan, context)
  }

  #execute(plan: DistributedPlan, options: RunOptions): DistributedExecution {
    const { signal } = options
    const threads = this.#choices.get(plan)?.threads ?? 1
    return this.#parts.coordinator.execute(plan, {
      settings: memoryPerThread(this.settings.entries(), threads),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** Runs a plan for its counters; the plan that is given back is the one that was run in the end. */
  async #measure(
    plan: DistributedPlan,
    options: RunOptions,
  ): Promise<{ readonly plan: DistributedPlan; readonly metrics: ExecutionMetrics }> {
    const execution = this.#execute(plan, options)
    try {
      while ((await execution.next()) !== null) continue
    } finally {
      await execution.close()
    }
    return { plan: execution.plan, metrics: execution.metrics }
  }

  #planningContext(): NotedContext {
    const { functions, settings } = this
    const given = { catalog: this.#newCatalog(), functions, settings }
    return new NotedContext(given, BigInt(Date.now()) * 1_000_000n, (table, name) => {
      if (name === null || table instanceof QuickwitTableProvider || table instanceof FileTable) return true
      return this.#tables.get(name) === table
    })
  }
}

/** Threads and the one that coordinates them count what they hold on their own: each may hold an equal part. */
function memoryPerThread(settings: ReadonlyMap<string, string>, threads: number): ReadonlyMap<string, string> {
  if (threads === 1) return settings
  const limit = Number(settings.get('memory_limit') ?? 0)
  return new Map(settings).set('memory_limit', String(Math.ceil(limit / (threads + 1))))
}

function nameOf(name: { readonly value: string; readonly quoted: boolean }): string {
  return name.quoted ? name.value : name.value.toLowerCase()
}

/** Tells parameters apart; null where some are no plain values. */
function keyOfParameters(params: NonNullable<RunOptions['params']>): string | null {
  const keys: string[] = []
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && !['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return null
    keys.push(JSON.stringify(name), constantKey(value as Constant))
  }
  return `${Array.isArray(params) ? 'list' : 'names'} ${keys.join()}`
}

function parametersOf(params: NonNullable<RunOptions['params']>): Parameters {
  if (Array.isArray(params)) return { values: (params as readonly unknown[]).map(constantOf) }
  const named = new Map(Object.entries(params).map(([name, value]) => [name, constantOf(value)]))
  return { values: [], named }
}

export interface Explained {
  readonly plan: DistributedPlan
  readonly metrics: ExecutionMetrics | null
  /** Where tasks in this process run, and why; null for workers. */
  readonly threads: ThreadChoice | null
}
