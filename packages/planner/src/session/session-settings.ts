import { SqlState, VolleyError } from '@volley/core'
import type { Settings } from '../catalog/table-provider.ts'
import { logicalRules } from '../rules/registry.ts'
import { didYouMean } from './did-you-mean.ts'
import { onOff, settingDefinitions, type SettingDefinition } from './setting-definitions.ts'

export interface SessionSettingsOptions {
  /** Default of target_partitions; 1 when not given. */
  readonly cores?: number
  /** Default of memory_limit, in bytes; no limit when not given. */
  readonly memory?: number
  /** Names of physical rules, which get a switch each as the logical ones have. */
  readonly physicalRules?: readonly string[]
  /** Settings of other packages. */
  readonly definitions?: readonly SettingDefinition[]
}

export interface ShownSetting {
  readonly name: string
  readonly value: string
  readonly description: string
}

const RULE_PREFIX = 'rules.'

/** What DataFusion calls settings of ours. */
const ALIASES: Readonly<Record<string, string>> = {
  'datafusion.execution.target_partitions': 'target_partitions',
  'datafusion.execution.batch_size': 'batch_size',
  'datafusion.execution.time_zone': 'timezone',
  'datafusion.runtime.memory_limit': 'memory_limit',
}

/** Other settings of DataFusion: taken, so that its scripts run, and without effect. */
const FOREIGN = /^datafusion\.(?:catalog|execution|explain|format|optimizer|runtime|sql_parser)\.[a-z0-9_.]+$/

function foreign(name: string): SettingDefinition {
  return {
    name,
    description: "DataFusion's; without effect",
    defaultValue: '',
    expects: 'anything',
    parse: (value) => value,
  }
}

/** Settings with types, defaults and validation, as SET, RESET and SHOW use them. Names are case-insensitive. */
export class SessionSettings implements Settings {
  readonly #definitions = new Map<string, SettingDefinition>()
  /** Rule names by `ruleKey`. */
  readonly #rules = new Map<string, string>()
  readonly #values = new Map<string, string>()
  /** Whether rules are on, as far as it was asked since the last change. */
  readonly #enabled = new Map<string, boolean>()
  #version = 0
  #entries: ReadonlyMap<string, string> | null = null

  constructor(options: SessionSettingsOptions = {}) {
    const rules = [...logicalRules.map((rule) => rule.name), ...(options.physicalRules ?? [])]
    for (const rule of rules) this.#rules.set(ruleKey(rule), rule)
    for (const definition of [
      ...settingDefinitions(options.cores ?? 1, options.memory ?? 0),
      ...(options.definitions ?? []),
    ]) {
      this.#definitions.set(definition.name, definition)
    }
    for (const rule of rules) {
      const name = `${RULE_PREFIX}${rule}`
      this.#definitions.set(name, {
        name,
        description: `whether rule ${rule} is applied`,
        defaultValue: 'on',
        ...onOff,
      })
    }
  }

  /** @throws VolleyError for an unknown name (with the name that may have been meant) or a value that does not fit. */
  set(name: string, value: string | number | bigint | boolean): void {
    const definition = this.#definition(name)
    const parsed = definition.parse(String(value))
    if (parsed === null) {
      throw new VolleyError(`setting "${definition.name}" takes ${definition.expects}, not "${value}"`, {
        code: SqlState.invalidParameterValue,
      })
    }
    this.#values.set(definition.name, parsed)
    this.#changed()
  }

  /** Back to the default; `all` resets every setting. */
  reset(name: string): void {
    if (name.toLowerCase() === 'all') this.#values.clear()
    else this.#values.delete(this.#definition(name).name)
    this.#changed()
  }

  /** Grows with each change of a setting. */
  get version(): number {
    return this.#version
  }

  /** One setting, or with `all` every one, sorted by name. */
  show(name: string): readonly ShownSetting[] {
    const shown = (definition: SettingDefinition): ShownSetting => ({
      name: definition.name,
      value: this.#values.get(definition.name) ?? definition.defaultValue,
      description: definition.description,
    })
    if (name.toLowerCase() !== 'all') return [shown(this.#definition(name))]
    return [...this.#definitions.values()].map(shown).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  get(name: string): string | undefined {
    const definition = this.#find(name)
    return definition === undefined ? undefined : (this.#values.get(definition.name) ?? definition.defaultValue)
  }

  get targetPartitions(): number {
    return Number(this.get('target_partitions'))
  }

  get batchSize(): number {
    return Number(this.get('batch_size'))
  }

  /** Bytes; null when there is no limit. */
  get memoryLimit(): number | null {
    return Number(this.get('memory_limit')) || null
  }

  ruleEnabled(name: string): boolean {
    let enabled = this.#enabled.get(name)
    if (enabled === undefined) this.#enabled.set(name, (enabled = this.get(`${RULE_PREFIX}${name}`) !== 'off'))
    return enabled
  }

  /** What was set, for the tasks of a query: the same object until a setting changes. */
  entries(): ReadonlyMap<string, string> {
    this.#entries ??= new Map([...this.#definitions.keys()].map((name) => [name, this.get(name)!]))
    return this.#entries
  }

  /** A copy that changes on its own. */
  clone(): SessionSettings {
    const copy = new SessionSettings()
    for (const [name, definition] of this.#definitions) copy.#definitions.set(name, definition)
    for (const [key, rule] of this.#rules) copy.#rules.set(key, rule)
    for (const [name, value] of this.#values) copy.#values.set(name, value)
    return copy
  }

  #changed(): void {
    this.#version++
    this.#entries = null
    this.#enabled.clear()
  }

  #find(name: string): SettingDefinition | undefined {
    const exact = this.#definitions.get(name)
    if (exact !== undefined) return exact
    const lower = Object.hasOwn(ALIASES, name.toLowerCase()) ? ALIASES[name.toLowerCase()]! : name.toLowerCase()
    if (FOREIGN.test(lower)) return foreign(lower)
    if (!lower.startsWith(RULE_PREFIX)) return this.#definitions.get(lower)
    const rule = this.#rules.get(ruleKey(lower.slice(RULE_PREFIX.length)))
    return rule === undefined ? undefined : this.#definitions.get(`${RULE_PREFIX}${rule}`)
  }

  #definition(name: string): SettingDefinition {
    const definition = this.#find(name)
    if (definition !== undefined) return definition
    const close = didYouMean(name.toLowerCase(), [...this.#definitions.keys()])
    throw new VolleyError(`there is no setting "${name}"`, {
      code: SqlState.undefinedObject,
      hint: close === null ? 'SHOW ALL lists the settings' : `did you mean "${close}"?`,
    })
  }
}

/** Rules answer to their name in any case, with or without underscores. */
function ruleKey(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}
