import fs from 'node:fs'
import type { FileFormatName } from './file-format.ts'
import { FileTable } from './file-table.ts'
import { filesOf } from './formats.ts'

/** Locations whose tables are remembered. */
const REMEMBERED = 64
/** A file that was written so shortly before may be written again in the same tick of its clock. */
const SETTLED_NS = 50_000_000n

interface KnownFile {
  readonly table: FileTable
  readonly version: string
}

/** By recency, oldest first. */
const known = new Map<string, KnownFile>()

/**
 * The table of a location whose columns the files say: the same object as long as its files have the same names, sizes and
 * times.
 *
 * @throws VolleyError for a location without files, or files of another format
 */
export async function openFiles(name: string, format: FileFormatName, location: string): Promise<FileTable> {
  const version = versionOf(filesOf(location, format))
  const key = [name, format, location, process.cwd()].join('\0')
  const found = known.get(key)
  known.delete(key)
  if (found !== undefined && found.version === version) {
    known.set(key, found)
    return found.table
  }
  const table = await FileTable.open(name, [], format, location, new Map())
  if (version !== null) known.set(key, { table, version })
  if (known.size > REMEMBERED) known.delete(known.keys().next().value!)
  return table
}

/** Null where a change might not show. */
function versionOf(files: readonly string[]): string | null {
  const latest = BigInt(Date.now()) * 1_000_000n - SETTLED_NS
  const versions: string[] = []
  for (const file of files) {
    const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined || stat.mtimeNs > latest || stat.ctimeNs > latest) return null
    versions.push([file, stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join('\0'))
  }
  return versions.join('\0')
}
