import type { AggregateFunction } from '../aggregates/aggregate-function.ts'
import type { WindowFunction } from '../windows/window-function.ts'
import type { ScalarFunction } from './scalar-function.ts'

interface Named {
  readonly name: string
  readonly aliases?: readonly string[]
}

/** Functions by name, in three kinds that do not shadow one another. Names are lower case. */
export class FunctionRegistry {
  readonly #scalars = new Map<string, ScalarFunction>()
  readonly #aggregates = new Map<string, AggregateFunction>()
  readonly #windows = new Map<string, WindowFunction>()

  scalar(name: string): ScalarFunction | undefined {
    return this.#scalars.get(name.toLowerCase())
  }

  aggregate(name: string): AggregateFunction | undefined {
    return this.#aggregates.get(name.toLowerCase())
  }

  window(name: string): WindowFunction | undefined {
    return this.#windows.get(name.toLowerCase())
  }

  /** Registers under the name and its aliases; a later registration of a name wins. */
  registerScalar(fn: ScalarFunction): void {
    register(this.#scalars, fn)
  }

  registerAggregate(fn: AggregateFunction): void {
    register(this.#aggregates, fn)
  }

  registerWindow(fn: WindowFunction): void {
    register(this.#windows, fn)
  }

  /** All names of a kind, aliases included, sorted. */
  names(kind: 'scalar' | 'aggregate' | 'window'): string[] {
    const map = { scalar: this.#scalars, aggregate: this.#aggregates, window: this.#windows }[kind]
    return [...map.keys()].sort()
  }

  /** Equal for registries with the same names; workers compare it before they take a plan. */
  get catalogueHash(): string {
    const kinds = ['scalar', 'aggregate', 'window'] as const
    return fnv1a64(kinds.map((kind) => `${kind}:${this.names(kind).join(',')}`).join(';'))
  }
}

function register<T extends Named>(map: Map<string, T>, fn: T): void {
  for (const name of [fn.name, ...(fn.aliases ?? [])]) map.set(name, fn)
}

function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, '0')
}
