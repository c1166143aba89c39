import { invalidRequest } from './aggregation-error.ts'
import type { MissingValue, SortOrder } from './aggregation-request.ts'

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parameters of one aggregation; those that nothing asked for are refused at the end. */
export class Parameters {
  readonly #where: string
  readonly #values: Record<string, unknown>
  readonly #asked = new Set<string>()

  constructor(name: string, kind: string, json: unknown) {
    this.#where = `${kind} aggregation ${name}`
    if (!isObject(json)) this.fail('its parameters are not an object')
    this.#values = json as Record<string, unknown>
  }

  fail(problem: string): never {
    throw invalidRequest(`invalid aggregation request: ${this.#where}: ${problem}`)
  }

  /** A value as it is; null and a missing one are undefined. */
  value(key: string): unknown {
    this.#asked.add(key)
    return this.#values[key] ?? undefined
  }

  text(key: string): string | undefined {
    const value = this.value(key)
    if (value !== undefined && typeof value !== 'string') this.fail(`${key} is not a string`)
    return value as string | undefined
  }

  needText(key: string): string {
    return this.text(key) ?? this.fail(`missing field \`${key}\``)
  }

  /** A number, or one written as a string. */
  number(key: string): number | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : this.toNumber(key, value)
  }

  toNumber(key: string, value: unknown): number {
    if (typeof value === 'number') return value
    if (typeof value === 'bigint') return Number(value)
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
    return Number.isFinite(number) ? number : this.fail(`${key} is not a number`)
  }

  /** A whole number that is not negative. */
  count(key: string): number | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    const count = typeof value === 'bigint' ? Number(value) : value
    if (!Number.isSafeInteger(count) || (count as number) < 0) this.fail(`${key} is not a whole number from 0`)
    return count as number
  }

  flag(key: string): boolean | undefined {
    const value = this.value(key)
    if (value !== undefined && typeof value !== 'boolean') this.fail(`${key} is not true or false`)
    return value as boolean | undefined
  }

  list(key: string): readonly unknown[] | undefined {
    const value = this.value(key)
    if (value !== undefined && !Array.isArray(value)) this.fail(`${key} is not an array`)
    return value as readonly unknown[] | undefined
  }

  missing(): MissingValue | null {
    const value = this.value('missing')
    if (value === undefined) return null
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
    if (typeof value !== 'string' && typeof value !== 'bigint') this.fail('missing is not a string or a number')
    return value as string | bigint
  }

  order(key: string): SortOrder | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : this.toOrder(key, value)
  }

  toOrder(key: string, value: unknown): SortOrder {
    if (value !== 'asc' && value !== 'desc') this.fail(`${key} is not asc or desc`)
    return value as SortOrder
  }

  /** Refuses what nothing asked for. */
  finish(): void {
    for (const key of Object.keys(this.#values)) {
      if (!this.#asked.has(key)) this.fail(`unknown parameter \`${key}\``)
    }
  }
}
