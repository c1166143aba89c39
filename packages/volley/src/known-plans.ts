import type { Catalog, DistributedPlan, PlanningContext, SessionSettings, TableProvider } from '@volley/planner'
import type { AstStatement } from '@volley/sql'
import { constantKey } from './constant-key.ts'

/** Statements, and plans, that are remembered at most. */
const REMEMBERED = 256
/** Splits that all remembered plans name at most: each plan has its own list of them. */
const SPLITS = 100_000
/** Characters of a text that is remembered at most: longer ones are data. */
const LONGEST = 16_384

interface KnownPlan {
  readonly plan: DistributedPlan
  readonly made: PlanBasis
  readonly splits: number
}

/** Finds a table by its name or by its call. */
type Lookup = (catalog: Catalog) => Promise<TableProvider | null>

interface NotedTable {
  /** Null for what a table function has given. */
  readonly name: string | null
  readonly table: TableProvider
  readonly find: Lookup
}

/** What a plan was made from; with all of it the same, so is the plan. */
export interface PlanBasis {
  readonly tables: readonly NotedTable[]
  readonly settings: number
  readonly workers: string
}

/**
 * Syntax trees by text, and plans by syntax tree: a statement that comes again is neither parsed nor planned again, unless a
 * table, a setting or the workers have changed since.
 */
export class KnownPlans {
  /** By recency, oldest first, and so are the others. */
  readonly #statements = new Map<string, AstStatement[]>()
  readonly #bound = new Map<string, AstStatement>()
  readonly #plans = new Map<AstStatement, KnownPlan>()
  readonly #ids = new WeakMap<AstStatement, number>()
  #lastId = 0
  #splits = 0

  /** The statements of a text, as `parse` gives them. */
  async statements(text: string, parse: (text: string) => Promise<AstStatement[]>): Promise<AstStatement[]> {
    const known = this.#statements.get(text) ?? (await parse(text))
    if (text.length <= LONGEST) remember(this.#statements, text, known)
    return known
  }

  /** A statement with constants for its parameters, which `key` tells from others. */
  bound<S extends AstStatement>(ast: S, key: string, bind: () => S): S {
    if (key.length > LONGEST) return bind()
    const id = this.#ids.get(ast) ?? ++this.#lastId
    this.#ids.set(ast, id)
    const known = (this.#bound.get(`${id}:${key}`) as S | undefined) ?? bind()
    remember(this.#bound, `${id}:${key}`, known)
    return known
  }

  /** Number of plans. */
  get size(): number {
    return this.#plans.size
  }

  /** The plan of a statement, where it is known and would be made of the same. */
  async find(ast: AstStatement, catalog: Catalog, now: Omit<PlanBasis, 'tables'>): Promise<DistributedPlan | null> {
    const known = this.#plans.get(ast)
    if (known === undefined) return null
    const { tables, settings, workers } = known.made
    let same = settings === now.settings && workers === now.workers
    for (const { table, find } of tables) same &&= await isStill(table, find, catalog)
    if (!same) {
      this.#forget(ast)
      return null
    }
    remember(this.#plans, ast, known)
    return known.plan
  }

  add(ast: AstStatement, plan: DistributedPlan, made: PlanBasis): void {
    this.#forget(ast)
    let splits = 0
    for (const stage of plan.stages) for (const task of stage.tasks) splits += task.splits.length
    this.#plans.set(ast, { plan, made, splits })
    this.#splits += splits
    for (const oldest of this.#plans.keys()) {
      if (oldest === ast || (this.#plans.size <= REMEMBERED && this.#splits <= SPLITS)) break
      this.#forget(oldest)
    }
  }

  /** Forgets plans that hold a table which is no longer there: its rows would stay in memory. */
  forgetGone(isThere: (name: string, table: TableProvider) => boolean): void {
    for (const [ast, { made }] of this.#plans) {
      if (!made.tables.every(({ name, table }) => name === null || isThere(name, table))) this.#forget(ast)
    }
  }

  #forget(ast: AstStatement): void {
    const known = this.#plans.get(ast)
    if (known === undefined) return
    this.#plans.delete(ast)
    this.#splits -= known.splits
  }
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!)
}

/** A table that cannot be found is not the same; why not, planning will say. */
async function isStill(table: TableProvider, find: Lookup, catalog: Catalog): Promise<boolean> {
  try {
    return (await find(catalog)) === table
  } catch {
    return false
  }
}

/** A planning context that notes what a plan is made from. */
export class NotedContext implements PlanningContext {
  readonly catalog: Catalog
  readonly functions: PlanningContext['functions']
  readonly settings: SessionSettings
  readonly #now: bigint
  readonly #tables = new Map<string, NotedTable>()
  /** Whether another time the same statement may mean something else. */
  #momentary = false

  /** `isStable` says of which tables the same object is found as long as they do not change. */
  constructor(
    given: Omit<PlanningContext, 'now'> & { readonly settings: SessionSettings },
    now: bigint,
    isStable: (table: TableProvider, name: string | null) => boolean,
  ) {
    this.functions = given.functions
    this.settings = given.settings
    this.#now = now
    const { catalog } = given
    const note = (key: string, name: string | null, table: TableProvider | null, find: Lookup): void => {
      if (table === null || !isStable(table, name)) this.#momentary = true
      else this.#tables.set(key, { name, table, find })
    }
    this.catalog = {
      table: async (name) => {
        const table = await catalog.table(name)
        note(name, name, table, (other) => other.table(name))
        return table
      },
      tableFunction: async (name, args) => {
        const table = await catalog.tableFunction(name, args)
        note(`${name}(${args.map(constantKey).join()})`, null, table, (other) => other.tableFunction(name, args))
        return table
      },
      tableNames: () => catalog.tableNames(),
    }
  }

  get now(): bigint {
    this.#momentary = true
    return this.#now
  }

  /** The tables of what was planned; null where the plan holds for this moment only. */
  get tables(): readonly NotedTable[] | null {
    return this.#momentary ? null : [...this.#tables.values()]
  }
}
