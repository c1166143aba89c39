import type { FileSlice } from '../directory/file-slice.ts'
import { ByteReader } from './byte-reader.ts'

/** Reads a composite file's table (section 3.3): the byte range of each field. */
export async function readComposite(body: FileSlice, signal?: AbortSignal): Promise<Map<number, FileSlice>> {
  const length = body.length
  if (length < 5) throw body.corrupted(0, 'too short for a composite file')
  const tail = body.peek(length - 4) ?? (await body.read(Math.max(0, length - 4096), length, signal))
  const size = new ByteReader(tail, body.file, body.end - tail.length, tail.length - 4).u32()
  if (size > length - 4) throw body.corrupted(length - 4, `composite table of ${size} bytes`)
  const start = length - 4 - size
  const table =
    tail.length >= size + 4
      ? tail.subarray(tail.length - 4 - size, tail.length - 4)
      : await body.read(start, length - 4, signal)
  const reader = new ByteReader(table, body.file, body.start + start)
  const count = reader.vint()
  // an entry has at least 6 bytes
  if (count > reader.remaining / 6) throw reader.corrupted(`composite table of ${count} entries`)
  const fields: number[] = []
  const offsets: number[] = []
  let offset = 0
  for (let i = 0; i < count; i += 1) {
    offset += reader.vint()
    offsets.push(offset)
    fields.push(reader.u32())
    if (reader.vint() !== 0) throw reader.corrupted('composite entry of an unknown kind')
  }
  offsets.push(start)
  const slices = new Map<number, FileSlice>()
  for (let i = 0; i < count; i += 1) {
    if (slices.has(fields[i]!)) throw reader.corrupted(`field ${fields[i]} twice in a composite table`)
    slices.set(fields[i]!, body.slice(offsets[i]!, offsets[i + 1]!))
  }
  return slices
}
