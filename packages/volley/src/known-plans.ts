import type { Catalog, DistributedPlan, PlanningContext, SessionSettings, TableProvider } from '@volley/planner'
import { QuickwitTableProvider } from '@volley/splits'
import type { AstStatement } from '@volley/sql'

/** Texts whose statements are remembered. */
const REMEMBERED = 128

interface KnownPlan {
  readonly plan: DistributedPlan
  readonly made: PlanBasis
}

/** What a plan was made from; with all of it the same, so is the plan. */
export interface PlanBasis {
  readonly tables: ReadonlyMap<string, TableProvider>
  readonly settings: number
  readonly workers: string
}

/**
 * Syntax trees by text, and plans by syntax tree: a statement that comes again is neither parsed nor planned again, unless a
 * table, a setting or the workers have changed since.
 */
export class KnownPlans {
  /** By recency, oldest first. */
  readonly #statements = new Map<string, AstStatement[]>()
  readonly #plans = new WeakMap<AstStatement, KnownPlan>()

  /** The statements of a text, as `parse` gives them. */
  async statements(text: string, parse: (text: string) => Promise<AstStatement[]>): Promise<AstStatement[]> {
    const known = this.#statements.get(text) ?? (await parse(text))
    this.#statements.delete(text)
    this.#statements.set(text, known)
    if (this.#statements.size > REMEMBERED) this.#statements.delete(this.#statements.keys().next().value!)
    return known
  }

  /** The plan of a statement, where it is known and would be made of the same. */
  async find(ast: AstStatement, catalog: Catalog, now: Omit<PlanBasis, 'tables'>): Promise<DistributedPlan | null> {
    const known = this.#plans.get(ast)
    if (known === undefined) return null
    const { tables, settings, workers } = known.made
    const changed =
      settings !== now.settings ||
      workers !== now.workers ||
      (await Promise.all([...tables].map(async ([name, table]) => (await catalog.table(name)) !== table))).includes(
        true,
      )
    if (!changed) return known.plan
    this.#plans.delete(ast)
    return null
  }

  add(ast: AstStatement, plan: DistributedPlan, made: PlanBasis): void {
    this.#plans.set(ast, { plan, made })
  }
}

/** A planning context that notes what a plan is made from. */
export class NotedContext implements PlanningContext {
  readonly catalog: Catalog
  readonly functions: PlanningContext['functions']
  readonly settings: SessionSettings
  readonly #now: bigint
  readonly #tables = new Map<string, TableProvider>()
  /** Whether another time the same statement may mean something else. */
  #momentary = false

  constructor(given: Omit<PlanningContext, 'now'> & { readonly settings: SessionSettings }, now: bigint) {
    this.functions = given.functions
    this.settings = given.settings
    this.#now = now
    const { catalog } = given
    this.catalog = {
      table: async (name) => {
        const table = await catalog.table(name)
        if (table instanceof QuickwitTableProvider) this.#tables.set(name, table)
        else this.#momentary = true
        return table
      },
      tableFunction: (name, args) => {
        this.#momentary = true
        return catalog.tableFunction(name, args)
      },
      tableNames: () => catalog.tableNames(),
    }
  }

  get now(): bigint {
    this.#momentary = true
    return this.#now
  }

  /** The tables of what was planned; null where the plan holds for this moment only. */
  get tables(): ReadonlyMap<string, TableProvider> | null {
    return this.#momentary ? null : this.#tables
  }
}
