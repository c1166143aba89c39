import { isMap, type Json, type JsonMap } from '../query-dsl/body.ts'

/** Keeps of a document what lies at or below `includes`, and drops what lies at `excludes`, as Quickwit does. */
export function filterSource(
  document: Json,
  includes: readonly string[] | undefined,
  excludes: readonly string[] | undefined,
): Json {
  let filtered = document
  if (includes !== undefined) filtered = keep(filtered, '', includes)
  for (const path of excludes ?? []) filtered = drop(filtered, path)
  return filtered
}

function keep(value: Json, at: string, includes: readonly string[]): Json {
  if (!isMap(value)) return value
  const kept: Record<string, Json> = {}
  for (const [key, member] of Object.entries(value)) {
    const path = at === '' ? key : `${at}.${key}`
    if (includes.includes(path)) kept[key] = member
    else if (includes.some((include) => include.startsWith(path))) kept[key] = keep(member, path, includes)
  }
  return kept
}

function drop(value: Json, path: string): Json {
  if (!isMap(value)) return value
  let map: JsonMap = value
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const [prefix, suffix] = [path.slice(0, dot), path.slice(dot + 1)]
    if (suffix === '') {
      map = without(map, prefix)
      continue
    }
    const member = map[prefix]
    if (member !== undefined) return { ...map, [prefix]: drop(member, suffix) }
  }
  return without(map, path)
}

function without(map: JsonMap, key: string): JsonMap {
  const { [key]: _dropped, ...rest } = map
  return rest
}
