import fs from 'node:fs'
import { SqlState, VolleyError } from '@volley/core'
import { ArenaExhaustedError } from '@volley/kernels'
import { parquetMetadataAsync, type AsyncBuffer, type FileMetaData, type ParquetParsers } from 'hyparquet'

/** Values as the engine has them: counts, not Dates. */
export const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => millis,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => nanos,
  dateFromDays: (days) => days,
  jsonFromBytes: (bytes) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes)),
}

export interface OpenFile extends AsyncBuffer {
  readonly path: string
  readonly metadata: FileMetaData
  /** Bytes from `start` (inclusive) to `end` (exclusive). */
  bytes(start: number, end: number): Promise<Uint8Array>
  /** Fills an array with the bytes from `start` on. */
  readInto(out: Uint8Array, start: number): Promise<void>
  close(): Promise<void>
}

interface Known {
  readonly stamp: string
  readonly metadata: FileMetaData
}

/** Metadata of the files that were opened last: reading them takes longer than reading many a row group. */
const KEPT = 64
const known = new Map<string, Known>()

async function metadataOf(path: string, stamp: string, file: AsyncBuffer): Promise<FileMetaData> {
  const found = known.get(path)
  const metadata = found?.stamp === stamp ? found.metadata : await parquetMetadataAsync(file, { parsers })
  known.delete(path)
  known.set(path, { stamp, metadata })
  if (known.size > KEPT) known.delete(known.keys().next().value!)
  return metadata
}

async function open(path: string): Promise<OpenFile> {
  const handle = await fs.promises.open(path)
  try {
    const { size, mtimeMs, ino } = await handle.stat()
    const readInto = async (out: Uint8Array, start: number): Promise<void> => {
      let filled = 0
      while (filled < out.length) {
        const { bytesRead } = await handle.read(out, filled, out.length - filled, start + filled)
        if (bytesRead === 0) throw new VolleyError('the file ends early', { code: SqlState.dataCorrupted, file: path })
        filled += bytesRead
      }
    }
    const bytes = async (start: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
      if (start < 0 || end > size)
        throw new VolleyError('the file ends early', { code: SqlState.dataCorrupted, file: path })
      const out = new Uint8Array(Math.max(0, end - start))
      await readInto(out, start)
      return out
    }
    const buffer: AsyncBuffer = {
      byteLength: size,
      slice: async (start, end = size) => (await bytes(start, end)).buffer,
    }
    const metadata = await metadataOf(path, `${size}:${mtimeMs}:${ino}`, buffer)
    return { ...buffer, path, metadata, bytes, readInto, close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** @throws VolleyError naming the file when it is no good Parquet */
export async function openParquet(path: string): Promise<OpenFile> {
  try {
    return await open(path)
  } catch (error) {
    throw corrupt(error, path)
  }
}

export async function withParquet<T>(path: string, use: (file: OpenFile) => T): Promise<T> {
  const file = await openParquet(path)
  try {
    return use(file)
  } catch (error) {
    throw corrupt(error, path)
  } finally {
    await file.close()
  }
}

export function corrupt(error: unknown, path: string): unknown {
  if (error instanceof VolleyError || error instanceof ArenaExhaustedError) return error
  return new VolleyError(`cannot read Parquet: ${(error as Error).message}`, {
    code: SqlState.dataCorrupted,
    file: path,
    cause: error,
  })
}
