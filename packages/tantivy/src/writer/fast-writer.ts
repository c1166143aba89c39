import { compareBytes } from '../bytes/compare.ts'
import { ByteWriter } from './byte-writer.ts'
import type { ColumnCollector } from './column-collector.ts'
import { SSTableWriter } from './sstable-writer.ts'

const CONTAINER_VERSION = 2
const MAGIC = Uint8Array.of(0x02, 0x71, 0x77, 0x42)
const encoder = new TextEncoder()

/** Writes the columns of a segment as one container (section 9.1); names with a byte 0 are left out. */
export function writeColumns(columns: readonly (readonly [string, ColumnCollector])[], maxDoc: number): Uint8Array {
  const keyed = columns
    .filter(([name]) => !name.includes('\0'))
    .map(([name, collector]) => {
      const bytes = encoder.encode(name)
      const key = new Uint8Array(bytes.length + 2)
      key.set(bytes)
      key[key.length - 1] = collector.code()
      return { key, collector }
    })
    .sort((a, b) => compareBytes(a.key, b.key))
  const out = new ByteWriter(1024)
  const bounds = [0]
  for (const { collector } of keyed) {
    out.append(collector.write(maxDoc))
    bounds.push(out.length)
  }
  const directory = new SSTableWriter((values, first, end) => {
    values.cvint(end - first + 1)
    values.cvint(bounds[first]!)
    for (let i = first; i < end; i += 1) values.cvint(bounds[i + 1]! - bounds[i]!)
  })
  for (const { key } of keyed) directory.add(key)
  const bytes = directory.finish()
  out.append(bytes)
  out.u64(bytes.length)
  out.u32(maxDoc)
  out.u32(CONTAINER_VERSION)
  out.append(MAGIC)
  return out.finish()
}
