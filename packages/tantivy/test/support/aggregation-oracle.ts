/** Values by field, as they were written. */
export type Row = Readonly<Record<string, readonly (number | bigint | string | boolean)[]>>

type Json = Record<string, unknown>

/**
 * Aggregations computed document by document, in the plainest way: the oracle of what the collectors do in bulk.
 *
 * @param gap whether they are of a bucket that fills a gap in a histogram, where ranges have no buckets.
 */
export function aggregateRows(aggs: Json, rows: readonly Row[], gap: boolean = false): Json {
  return Object.fromEntries(Object.entries(aggs).map(([name, spec]) => [name, aggregateOne(spec as Json, rows, gap)]))
}

function aggregateOne(spec: Json, rows: readonly Row[], gap: boolean): unknown {
  const { aggs = {}, ...kinds } = spec
  const [kind, parameters] = Object.entries(kinds)[0] as [string, Json]
  const field = parameters['field'] as string
  const values = rows.flatMap((row) => row[field] ?? []).map(Number)
  const sub = (some: readonly Row[], isGap: boolean = false): Json => ({
    doc_count: some.length,
    ...aggregateRows(aggs as Json, some, isGap),
  })
  switch (kind) {
    case 'terms':
      return termsOf(parameters, rows, sub)
    case 'histogram':
      return histogramOf(parameters, rows, sub)
    case 'range':
      return gap ? { buckets: [] } : rangesOf(parameters, rows, sub)
    case 'composite':
      return compositeOf(parameters, rows, sub)
    case 'value_count':
      return { value: rows.flatMap((row) => row[field] ?? []).length }
    case 'sum':
      return { value: sumOf(values) }
    case 'avg':
      return { value: values.length === 0 ? null : sumOf(values) / values.length }
    case 'min':
      return { value: values.length === 0 ? null : Math.min(...values) }
    case 'max':
      return { value: values.length === 0 ? null : Math.max(...values) }
    case 'stats':
      return statsOf(values)
    case 'extended_stats':
      return extendedStatsOf(values)
    case 'cardinality':
      return { value: new Set(rows.flatMap((row) => row[field] ?? [])).size }
    default:
      throw new Error(`the oracle has no ${kind}`)
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

function statsOf(values: readonly number[]): Json {
  const some = values.length > 0
  return {
    count: values.length,
    sum: sumOf(values),
    min: some ? Math.min(...values) : null,
    max: some ? Math.max(...values) : null,
    avg: some ? sumOf(values) / values.length : null,
  }
}

function extendedStatsOf(values: readonly number[]): Json {
  const { length: n } = values
  const mean = sumOf(values) / n
  const deviation = sumOf(values.map((value) => (value - mean) ** 2))
  const variance = n > 1 ? deviation / n : null
  const sampling = n > 1 ? deviation / (n - 1) : null
  const root = (value: number | null): number | null => (value === null ? null : Math.sqrt(value))
  const std = root(variance)
  const stdSampling = root(sampling)
  return {
    ...statsOf(values),
    sum_of_squares: n > 0 ? sumOf(values.map((value) => value * value)) : null,
    variance,
    variance_population: variance,
    variance_sampling: sampling,
    std_deviation: std,
    std_deviation_population: std,
    std_deviation_sampling: stdSampling,
    std_deviation_bounds:
      std === null
        ? null
        : {
            upper: mean + 2 * std,
            lower: mean - 2 * std,
            upper_sampling: mean + 2 * stdSampling!,
            lower_sampling: mean - 2 * stdSampling!,
            upper_population: mean + 2 * std,
            lower_population: mean - 2 * std,
          },
  }
}

/** Documents of each distinct value, once in each. */
function groups<Key>(rows: readonly Row[], keysOf: (row: Row) => readonly Key[]): Map<Key, Row[]> {
  const map = new Map<Key, Row[]>()
  for (const row of rows) for (const key of new Set(keysOf(row))) map.set(key, [...(map.get(key) ?? []), row])
  return map
}

function termsOf(parameters: Json, rows: readonly Row[], sub: (rows: readonly Row[]) => Json): Json {
  const field = parameters['field'] as string
  const missing = parameters['missing'] as string | number | undefined
  const grouped = groups(rows, (row) => {
    const values = row[field] ?? []
    return values.length === 0 && missing !== undefined ? [missing] : values.map(plain)
  })
  const by = Object.entries((parameters['order'] as Json | undefined) ?? { _count: 'desc' })[0] as [string, string]
  const buckets = [...grouped].map(([key, some]) => {
    const shown = typeof key === 'boolean' ? { key_as_string: String(key), key: Number(key) } : { key }
    return { ...shown, ...sub(some) } as Json & { key: string | number; doc_count: number }
  })
  const byKey = (a: { key: string | number }, b: { key: string | number }): number => (a.key < b.key ? -1 : 1)
  const sign = by[1] === 'asc' ? 1 : -1
  const valueOf = (bucket: Json): number => {
    if (by[0] === '_count') return bucket['doc_count'] as number
    const [name, property] = by[0].split('.') as [string, string?]
    return (bucket[name] as Record<string, number | null>)[property ?? 'value'] ?? -Number.MAX_VALUE
  }
  buckets.sort((a, b) => (by[0] === '_key' ? sign * byKey(a, b) : sign * (valueOf(a) - valueOf(b)) || byKey(a, b)))
  const size = (parameters['size'] as number | undefined) ?? 10
  const cut = sumOf(buckets.slice(size).map((bucket) => bucket.doc_count))
  return {
    buckets: buckets.slice(0, size),
    sum_other_doc_count: cut,
    ...(by[0] === '_count' && by[1] === 'desc' ? { doc_count_error_upper_bound: 0 } : {}),
  }
}

function plain(value: number | bigint | string | boolean): number | string | boolean {
  return typeof value === 'bigint' ? Number(value) : value
}

function histogramOf(
  parameters: Json,
  rows: readonly Row[],
  sub: (rows: readonly Row[], isGap: boolean) => Json,
): Json {
  const { field, interval, offset = 0, min_doc_count: least = 0 } = parameters as Record<string, never>
  const { hard_bounds: hard, extended_bounds: extended } = parameters as Record<
    string,
    { min: number; max: number } | undefined
  >
  const numberOf = (value: number): number => Math.floor((value - offset) / interval)
  const pairs = rows.flatMap((row) =>
    (row[field] ?? [])
      .map(Number)
      .filter((value) => hard === undefined || (value >= hard.min && value <= hard.max))
      .map((value) => [numberOf(value), row] as const),
  )
  const numbers = pairs.map(([number]) => number)
  let min = numbers.length === 0 ? Infinity : Math.min(...numbers) * interval + offset
  let max = numbers.length === 0 ? -Infinity : Math.max(...numbers) * interval + offset
  if (extended !== undefined) {
    min = Math.min(min, extended.min)
    max = Math.max(max, extended.max)
  }
  if (hard !== undefined) {
    min = Math.max(min, hard.min)
    max = Math.min(max, hard.max)
  }
  const wanted = new Set(numbers)
  if (least === 0 && min <= max) for (let k = numberOf(min); k <= numberOf(max); k += 1) wanted.add(k)
  const buckets = [...wanted]
    .sort((a, b) => a - b)
    .map((number) => {
      const some = pairs.filter(([each]) => each === number).map(([, row]) => row)
      return { key: number * interval + offset, ...sub(some, some.length === 0) }
    })
  return { buckets: buckets.filter((bucket) => (bucket as Json)['doc_count']! >= least) }
}

function rangesOf(parameters: Json, rows: readonly Row[], sub: (rows: readonly Row[]) => Json): Json {
  const field = parameters['field'] as string
  const cuts = (parameters['ranges'] as { from?: number; to?: number }[]).flatMap(({ from, to }) => [from, to])
  const bounds = [...new Set(cuts.filter((cut) => cut !== undefined))].sort((a, b) => a - b)
  const edges = [undefined, ...bounds, undefined]
  return {
    buckets: edges.slice(1).map((to, k) => {
      const from = edges[k]
      const inside = rows.flatMap((row) =>
        (row[field] ?? [])
          .map(Number)
          .filter((value) => (from === undefined || value >= from) && (to === undefined || value < to))
          .map(() => row),
      )
      return {
        key: `${from ?? '*'}-${to ?? '*'}`,
        ...sub(inside),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      }
    }),
  }
}

interface Source {
  readonly name: string
  readonly kind: 'terms' | 'histogram'
  readonly field: string
  readonly order?: 'asc' | 'desc'
  readonly interval?: number
  readonly missing_bucket?: boolean
}

function compositeOf(parameters: Json, rows: readonly Row[], sub: (rows: readonly Row[]) => Json): Json {
  const sources = (parameters['sources'] as Json[]).map((entry): Source => {
    const [name, kinds] = Object.entries(entry)[0] as [string, Json]
    const [kind, options] = Object.entries(kinds)[0] as ['terms' | 'histogram', Json]
    return { name, kind, ...options } as Source
  })
  type Key = (number | string | boolean | null)[]
  const combinations = new Map<string, { key: Key; rows: Row[] }>()
  for (const row of rows) {
    let keys: Key[] = [[]]
    for (const { field, kind, interval, missing_bucket: keep } of sources) {
      const values = (row[field] ?? []).map((value) =>
        kind === 'terms' ? plain(value) : Math.floor(Number(value) / interval!) * interval!,
      )
      const given: Key = values.length === 0 && keep === true ? [null] : values
      keys = keys.flatMap((key) => given.map((value) => [...key, value]))
    }
    for (const key of keys) {
      const text = JSON.stringify(key)
      const own = combinations.get(text) ?? { key, rows: [] }
      own.rows.push(row)
      combinations.set(text, own)
    }
  }
  const sorted = [...combinations.values()].sort((a, b) => {
    for (const [k, { order }] of sources.entries()) {
      const left = a.key[k]!
      const right = b.key[k]!
      if (left === right) continue
      // null is below every value
      const sign = left === null ? -1 : right === null ? 1 : left < right ? -1 : 1
      return order === 'desc' ? -sign : sign
    }
    return 0
  })
  const named = (key: Key): Json => Object.fromEntries(sources.map(({ name }, k) => [name, key[k]]))
  return {
    buckets: sorted
      .slice(0, parameters['size'] as number)
      .map(({ key, rows: some }) => ({ key: named(key), ...sub(some) })),
  }
}
