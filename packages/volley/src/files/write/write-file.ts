import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { SqlState, VolleyError, type RecordBatch } from '@volley/core'
import type { Schema } from 'apache-arrow'
import type { FileFormatName, FileOptions } from '../file-format.ts'
import { localPath } from '../formats.ts'
import { FileOutput } from './file-output.ts'
import { rowWriter } from './row-writer.ts'

export interface WriteTarget {
  /** A file, or a folder, which gets a new one. */
  readonly location: string
  readonly format: FileFormatName
  readonly options: FileOptions
}

/**
 * Writes rows of the engine's schema as `rows` gives them, batch by batch; the file appears whole or not at all.
 *
 * @throws VolleyError 0A000 and 22023 for options that the format does not take
 */
export async function writeFile(
  { location, format, options }: WriteTarget,
  schema: Schema,
  rows: (take: (batch: RecordBatch) => Promise<void>) => Promise<void>,
): Promise<void> {
  if (options.has('partitioned_by'))
    throw new VolleyError('COPY ... PARTITIONED BY is not supported', { code: SqlState.featureNotSupported })
  const open = await rowWriter(format)
  const root = localPath(location)
  const folder = /[/\\]$/.test(location) || fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() === true
  const output = await FileOutput.create(folder ? path.join(root, `${randomUUID()}.${format}`) : root)
  try {
    const writer = open(output, schema, options)
    await rows((batch) => writer.write(batch))
    await writer.finish()
    await output.close()
  } catch (error) {
    await output.abort()
    throw error
  }
}
