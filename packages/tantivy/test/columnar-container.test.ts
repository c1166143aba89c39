import { describe, expect, it } from 'vitest'
import { dumpColumnar, IndexCorruptedError } from '@volley/tantivy'

const u64 = (value: number): number[] => [value, 0, 0, 0, 0, 0, 0, 0]

/** Two u64 columns of one document, whose directory is an sstable of version 2 with one key a block. */
function containerWithVersion2Directory(): Uint8Array {
  const payload = (value: number): number[] => [0, 0, 0x80 | value, 0x81, 0x80, 0x81, 1, 0, 0, 0]
  const block = (start: number, name: number): number[] => [8, 0, 0, 0, 0, 2, start, 10, 0x30, name, 0, 1]
  const index = [15, 0, 0, 0, 0, 2, 0, 12, 0, 12, 1, 0x30, 0x61, 0, 1, 0x30, 0x62, 0, 1]
  const end = [0, 0, 0, 0]
  const directory = [...block(0, 0x61), ...block(10, 0x62), ...end, ...index, ...end, ...u64(28), ...u64(2), 2, 0, 0, 0]
  const footer = [...u64(directory.length), 1, 0, 0, 0, 2, 0, 0, 0, 2, 0x71, 0x77, 0x42]
  return Uint8Array.from([...payload(42), ...payload(43), ...directory, ...footer])
}

async function dump(bytes: Uint8Array): Promise<unknown[]> {
  const columns: unknown[] = []
  for await (const line of dumpColumnar(bytes)) columns.push(JSON.parse(line))
  return columns
}

describe('a bare columnar container', () => {
  it('may have a directory of sstable version 2', async () => {
    const column = { kind: 'column', type: 'u64', cardinality: 'Full', num_docs: 1, num_vals: 1 }
    expect(await dump(containerWithVersion2Directory())).toEqual([
      { ...column, name: 'a', min_max: ['42', '42'], vals: ['42'] },
      { ...column, name: 'b', min_max: ['43', '43'], vals: ['43'] },
    ])
  })

  it('is refused when it is cut anywhere', async () => {
    const bytes = containerWithVersion2Directory()
    for (let length = 0; length < bytes.length; length += 1) {
      await expect(dump(bytes.slice(0, length)), `${length} bytes`).rejects.toThrow(IndexCorruptedError)
    }
  })
})
