import fs from 'node:fs'
import path from 'node:path'

export type SortMode = 'nosort' | 'rowsort' | 'valuesort'

/** One record of a sqllogictest file. */
export type SltRecord =
  | {
      readonly kind: 'statement'
      readonly sql: string
      readonly expect: 'ok' | 'error' | 'count'
      readonly count: number
      readonly at: string
    }
  | {
      readonly kind: 'query'
      readonly sql: string
      readonly expect: 'rows' | 'error'
      readonly types: string
      readonly sort: SortMode
      readonly label: string | null
      readonly rows: readonly string[]
      readonly at: string
    }

/** Engines whose names `skipif` and `onlyif` may give to this one. */
const ENGINES = new Set(['volley', 'datafusion'])

/**
 * The records of a sqllogictest file, with those of the files that it includes.
 *
 * @throws Error naming file and line for a directive that does not exist
 */
export function parseSltFile(file: string): SltRecord[] {
  const lines = fs.readFileSync(file, 'utf8').split(/\r?\n/)
  const records: SltRecord[] = []
  let skip = false
  let sort: SortMode = 'nosort'
  let i = 0
  const block = (): string[] => {
    const taken: string[] = []
    while (i < lines.length && lines[i] !== '') taken.push(lines[i++]!)
    return taken
  }
  while (i < lines.length) {
    const line = lines[i]!.trim()
    const at = `${file}:${i + 1}`
    i++
    if (line === '' || line.startsWith('#')) continue
    const words = line.split(/\s+/)
    switch (words[0]) {
      case 'halt':
        return records
      case 'include':
        for (const included of matching(path.resolve(path.dirname(file), words[1]!))) {
          records.push(...parseSltFile(included))
        }
        continue
      case 'skipif':
        skip ||= ENGINES.has(words[1]!.toLowerCase())
        continue
      case 'onlyif':
        skip ||= !ENGINES.has(words[1]!.toLowerCase())
        continue
      case 'control':
        if (words[1] === 'sortmode') sort = words[2] as SortMode
        continue
      case 'hash-threshold':
      case 'subtest':
      case 'connection':
      case 'sleep':
        continue
      case 'statement': {
        const body = splitResults(block())
        if (!skip) {
          const expect = words[1] === 'error' ? 'error' : words[1] === 'count' ? 'count' : 'ok'
          records.push({ kind: 'statement', sql: body.sql, expect, count: Number(words[2] ?? 0), at })
        }
        skip = false
        continue
      }
      case 'query': {
        const body = splitResults(block())
        const error = words[1] === 'error'
        if (!skip) {
          const rest = error ? [] : words.slice(2)
          const own = rest.find((word) => /^(?:nosort|rowsort|valuesort)$/.test(word)) as SortMode | undefined
          records.push({
            kind: 'query',
            sql: body.sql,
            expect: error ? 'error' : 'rows',
            types: error ? '' : (words[1] ?? ''),
            sort: own ?? sort,
            label: rest.find((word) => word !== own) ?? null,
            rows: body.rows,
            at,
          })
        }
        skip = false
        continue
      }
    }
    throw new Error(`${at}: unknown directive "${line}"`)
  }
  return records
}

function splitResults(lines: readonly string[]): { sql: string; rows: string[] } {
  const end = lines.findIndex((line) => line.trimEnd() === '----')
  return end < 0
    ? { sql: lines.join('\n'), rows: [] }
    : { sql: lines.slice(0, end).join('\n'), rows: lines.slice(end + 1) }
}

/** Files of a path whose last part may hold `*`; none where there is no such file, as in a selection of files. */
function matching(pattern: string): string[] {
  if (!pattern.includes('*')) return fs.existsSync(pattern) ? [pattern] : []
  const dir = path.dirname(pattern)
  if (!fs.existsSync(dir)) return []
  const name = new RegExp(
    `^${path
      .basename(pattern)
      .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')}$`,
  )
  return fs
    .readdirSync(dir)
    .filter((each) => name.test(each))
    .sort()
    .map((each) => path.join(dir, each))
}

/** Files named `*.slt` below folders, and files named as they are. */
export function sltFiles(paths: readonly string[]): string[] {
  return paths.flatMap((each) => {
    if (!fs.statSync(each).isDirectory()) return [each]
    return fs
      .readdirSync(each, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.slt'))
      .sort()
      .map((name) => path.join(each, name))
  })
}
