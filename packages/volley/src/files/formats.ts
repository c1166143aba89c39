import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SqlState, VolleyError } from '@volley/core'
import type { FileFormat, FileFormatName } from './file-format.ts'
import { unpackedName } from './packed-text.ts'

// Imported when used: a session without files does not pay for their libraries.
const FORMATS: Readonly<Record<FileFormatName, () => Promise<FileFormat>>> = {
  csv: async () => (await import('./csv-format.ts')).csvFormat,
  json: async () => (await import('./json-format.ts')).jsonFormat,
  arrow: async () => (await import('./arrow-format.ts')).arrowFormat,
  parquet: async () => (await import('./parquet-format.ts')).parquetFormat,
}

const NAMES: Readonly<Record<string, FileFormatName>> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  ndjson: 'json',
  jsonl: 'json',
  arrow: 'arrow',
  arrows: 'arrow',
  ipc: 'arrow',
  feather: 'arrow',
  parquet: 'parquet',
}

export function fileFormat(name: FileFormatName): Promise<FileFormat> {
  return FORMATS[name]()
}

function byName(name: string): FileFormatName | undefined {
  return Object.hasOwn(NAMES, name.toLowerCase()) ? NAMES[name.toLowerCase()] : undefined
}

function extension(location: string): string {
  return path.extname(unpackedName(location)).slice(1)
}

/** Whether the name of the file tells its format. */
export function hasFormat(location: string): boolean {
  return byName(extension(location)) !== undefined
}

/**
 * The format by its name, or by the name of the file.
 *
 * @throws VolleyError 22023
 */
export function formatName(given: string | null, location: string): FileFormatName {
  const known = byName(given ?? extension(location))
  if (known !== undefined) return known
  throw new VolleyError(
    given === null
      ? `the format of "${location}" is not known: say STORED AS CSV, JSON, ARROW or PARQUET`
      : `there is no file format "${given}": there are CSV, JSON, ARROW and PARQUET`,
    { code: SqlState.invalidParameterValue },
  )
}

/** A location as a path of this machine. */
export function localPath(location: string): string {
  if (location.startsWith('file://')) return fileURLToPath(location)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(location))
    throw new VolleyError(`"${location}" is not on this machine: tables of files are`, {
      code: SqlState.featureNotSupported,
    })
  return path.resolve(location)
}

/**
 * The files of a location: one, or those of a folder that have the format's extension, in order of their names.
 *
 * @throws VolleyError 58P01 when there is nothing
 */
export function filesOf(location: string, format: FileFormatName): string[] {
  const root = localPath(location)
  const stat = fs.statSync(root, { throwIfNoEntry: false })
  if (stat === undefined) {
    if (/[/\\]$/.test(location)) return []
    throw new VolleyError(`"${location}" does not exist`, { code: SqlState.undefinedFile, file: root })
  }
  if (!stat.isDirectory()) return [root]
  return fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => byName(extension(name)) === format)
    .sort()
    .map((name) => path.join(root, name))
}
