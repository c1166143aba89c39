import { type ApiAnswer, type Json, type JsonMap, parseJsonBody, type SearchResponse } from '@volley/splits'

/** A recorded request and what a real Quickwit answered. */
export interface RecordedAnswer {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** The body that was sent; absent for none. */
  readonly body?: Json
  readonly answer: Json
}

const TOLERANCE = 1e-9

/**
 * What differs between an answer and the recorded one; null when nothing does that is not left open.
 *
 * @param ranked What the same search finds with more hits, which tells what hits are tied with each other, also beyond the
 * last one asked for; null where nothing is.
 */
export function differenceFrom(
  recorded: RecordedAnswer,
  answer: ApiAnswer,
  ranked: SearchResponse | null,
): string | null {
  if (answer.status !== recorded.status) {
    return `status ${answer.status} instead of ${recorded.status}: ${print(answer.body)}`
  }
  if (recorded.status !== 200) return refusalDifference(recorded.answer, answer.body)
  const [ours, theirs] = [answer.body as JsonMap, recorded.answer as JsonMap]
  if ('count' in theirs) return valueDifference('count', ours['count'], theirs['count'])
  const elastic = 'hits' in theirs && !Array.isArray(theirs['hits'])
  return (
    countDifference(recorded, ours, theirs, elastic) ??
    hitsDifference(ours, theirs, elastic, ranked) ??
    valueDifference('aggregations', ours['aggregations'], theirs['aggregations']) ??
    snippetsDifference(ours, theirs, ranked)
  )
}

/** Places in the text of a body are not compared: Quickwit counts them in the text that it was sent. */
function refusalDifference(theirs: Json, ours: Json): string | null {
  const reason = (body: Json): string => {
    const map = body as JsonMap
    const error = map['error'] as JsonMap | undefined
    return String(error === undefined ? map['message'] : error['reason'])
  }
  const shape = (body: Json): string =>
    Object.keys(body as JsonMap)
      .sort()
      .join(',')
  if (shape(ours) !== shape(theirs)) return `a refusal with ${shape(ours)} instead of ${shape(theirs)}`
  const [own, other] = [reason(ours), reason(theirs)]
  const same = own === other || own === other.replace(/ at line \d+ column \d+$/, '')
  return same ? null : `refused with ${own} instead of ${other}`
}

/** Searches of Elasticsearch's API may count only the splits that they searched, unless told to count all. */
function countDifference(recorded: RecordedAnswer, ours: JsonMap, theirs: JsonMap, elastic: boolean): string | null {
  if (!elastic) return valueDifference('num_hits', ours['num_hits'], theirs['num_hits'])
  const total = (body: JsonMap): bigint => ((body['hits'] as JsonMap)['total'] as JsonMap)['value'] as bigint
  const [own, other] = [total(ours), total(theirs)]
  const body = (recorded.body ?? {}) as JsonMap
  const track = body['track_total_hits']
  const counted = track === true || (typeof track === 'bigint' && track > ((body['size'] ?? 10n) as bigint))
  const lowerBound = !counted && body['size'] !== 0n && body['aggs'] === undefined && body['aggregations'] === undefined
  if (own === other || (lowerBound && other < own)) return null
  return `hits.total is ${own} instead of ${other}`
}

function hitsDifference(
  ours: JsonMap,
  theirs: JsonMap,
  elastic: boolean,
  ranked: SearchResponse | null,
): string | null {
  const hitsOf = (body: JsonMap): readonly JsonMap[] =>
    (elastic ? (body['hits'] as JsonMap)['hits'] : body['hits']) as readonly JsonMap[]
  const [own, other] = [hitsOf(ours), hitsOf(theirs)]
  if (own.length !== other.length) return `${own.length} hits instead of ${other.length}`
  for (const [from, to] of groupsOf(ranked, own.length)) {
    if (to - from === 1) {
      const difference = valueDifference(`hit ${from}`, own[from], other[from])
      if (difference !== null) return difference
      continue
    }
    // Tied hits may come in any order, and at the end any of them.
    const tied = new Set(ranked!.hits.slice(from, to).map(({ document }) => parseJsonBody(document)))
    for (let k = from; k < Math.min(to, own.length); k++) {
      const hit = elastic ? other[k]!['_source'] : other[k]
      const match = [...tied].find((each) => valueDifference('', each, hit) === null)
      if (match === undefined) return `hit ${k} is not among those of its rank: ${print(hit)}`
      tied.delete(match)
      const difference = valueDifference(`hit ${k}.sort`, own[k]!['sort'], other[k]!['sort'])
      if (elastic && difference !== null) return difference
    }
  }
  return null
}

/** Runs of hits with equal sort values, the last of which may reach beyond `count`; all of them where there was no sort. */
function groupsOf(ranked: SearchResponse | null, count: number): (readonly [number, number])[] {
  const groups: [number, number][] = []
  const keyOf = (k: number): string =>
    JSON.stringify(ranked?.hits[k]?.sort.map((value) => value && String(value.value)) ?? `${k}`)
  const length = Math.max(count, ranked?.hits.length ?? 0)
  for (let k = 0; k < length; k++) {
    const last = groups.at(-1)
    if (last !== undefined && keyOf(k) === keyOf(last[0])) last[1] = k + 1
    else groups.push([k, k + 1])
  }
  return groups.filter(([from]) => from < count)
}

function snippetsDifference(ours: JsonMap, theirs: JsonMap, ranked: SearchResponse | null): string | null {
  const count = (ours['hits'] as readonly Json[]).length
  const ordered = groupsOf(ranked, count).every(([from, to]) => to - from === 1)
  return ordered ? valueDifference('snippets', ours['snippets'], theirs['snippets']) : null
}

/** What differs between two JSON values: doubles may by a relative 1e-9, and terms of one count may be in any order. */
function valueDifference(path: string, ours: Json | undefined, theirs: Json | undefined): string | null {
  if (isNumber(ours) && isNumber(theirs)) {
    if (typeof ours === 'bigint' && typeof theirs === 'bigint') {
      return ours === theirs ? null : `${path} is ${ours} instead of ${theirs}`
    }
    const [a, b] = [Number(ours), Number(theirs)]
    return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b)) ? null : `${path} is ${a} instead of ${b}`
  }
  if (typeof ours !== 'object' || typeof theirs !== 'object' || ours === null || theirs === null) {
    return ours === theirs ? null : `${path} is ${print(ours)} instead of ${print(theirs)}`
  }
  if (Array.isArray(ours) !== Array.isArray(theirs)) return `${path} is ${print(ours)} instead of ${print(theirs)}`
  if (Array.isArray(ours)) return listDifference(path, ours as readonly Json[], theirs as readonly Json[])
  const [left, right] = [ours as JsonMap, theirs as JsonMap]
  if (isTerms(left) && isTerms(right)) return membersDifference(path, left, right) && termsDifference(path, left, right)
  return membersDifference(path, left, right)
}

function membersDifference(path: string, ours: JsonMap, theirs: JsonMap): string | null {
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const difference = valueDifference(path === '' ? key : `${path}.${key}`, ours[key], theirs[key])
    if (difference !== null) return difference
  }
  return null
}

function listDifference(path: string, ours: readonly Json[], theirs: readonly Json[]): string | null {
  if (ours.length !== theirs.length) return `${path} has ${ours.length} entries instead of ${theirs.length}`
  for (let k = 0; k < ours.length; k++) {
    const difference = valueDifference(`${path}[${k}]`, ours[k], theirs[k])
    if (difference !== null) return difference
  }
  return null
}

/**
 * What differs between the results of two terms aggregations. Terms of one count have no order, so neither has what a
 * split keeps of them: counts may differ within the error bound where there is one, and terms of the last count may be
 * others.
 */
function termsDifference(path: string, ours: JsonMap, theirs: JsonMap): string | null {
  const [own, other] = [ours['buckets'] as readonly JsonMap[], theirs['buckets'] as readonly JsonMap[]]
  if (own.length !== other.length) return `${path} has ${own.length} buckets instead of ${other.length}`
  const error = Number(theirs['doc_count_error_upper_bound'] ?? 0)
  const countOf = (bucket: JsonMap | undefined): number => Number(bucket?.['doc_count'] ?? 0)
  const last = countOf(own.at(-1))
  for (const [k, bucket] of own.entries()) {
    if (Math.abs(countOf(bucket) - countOf(other[k])) > error) {
      return valueDifference(`${path}.buckets[${k}].doc_count`, bucket['doc_count'], other[k]!['doc_count'])
    }
    const match = other.find((each) => valueDifference('', each['key'], bucket['key']) === null)
    if (match === undefined) {
      if (Math.abs(countOf(bucket) - last) <= error) continue
      return `${path}.buckets[${k}] is of ${print(bucket['key'])}, which is not expected`
    }
    if (error > 0 && countOf(match) !== countOf(bucket)) continue
    const difference = valueDifference(`${path}.buckets[${k}]`, bucket, match)
    if (difference !== null) return difference
  }
  for (const name of ['doc_count_error_upper_bound', 'sum_other_doc_count']) {
    if (Math.abs(Number(ours[name] ?? 0) - Number(theirs[name] ?? 0)) > error * own.length) {
      return valueDifference(`${path}.${name}`, ours[name], theirs[name])
    }
  }
  return null
}

function isTerms(map: JsonMap): boolean {
  return Array.isArray(map['buckets']) && 'sum_other_doc_count' in map
}

function isNumber(value: Json | undefined): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number'
}

function print(value: Json | undefined): string {
  const text =
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? Number(each) : each)) ?? 'absent'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
