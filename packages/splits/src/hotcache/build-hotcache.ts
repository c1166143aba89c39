import { ByteReader, ByteWriter } from '../bundle/byte-reader.ts'
import { HOTCACHE_MAGIC, HOTCACHE_VERSION } from './hotcache.ts'

/** Up to this size a file is cached whole. */
const SMALL_FILE = 4096
const MANAGED = '.managed.json'

interface Slice {
  readonly start: number
  readonly end: number
}

/**
 * Builds the hotcache of a split over its files: the end of each file from the first byte that opening an index reads
 * there, and the first bytes of each field in `.idx` (formats/quickwit-split.md §3.4, the over-covering rule).
 * `.managed.json` is added, as servers insist on it.
 *
 * @throws RangeError for a segment file that is not one.
 */
export function buildHotcache(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const names = [...files.keys()].filter(
    (name) => name === 'meta.json' || /\.(term|idx|pos|fast|fieldnorm|store|del)$/.test(name),
  )
  const cached = new Map<string, { bytes: Uint8Array; slices: Slice[] }>()
  for (const name of names.sort()) {
    const bytes = files.get(name)!
    cached.set(name, { bytes, slices: merge(slicesOf(name, bytes)) })
  }
  const managed = new TextEncoder().encode(
    `${JSON.stringify([...names, MANAGED].filter((name) => name !== MANAGED))}\n`,
  )
  cached.set(MANAGED, { bytes: managed, slices: [{ start: 0, end: managed.length }] })
  return encode(cached)
}

function encode(cached: ReadonlyMap<string, { bytes: Uint8Array; slices: readonly Slice[] }>): Uint8Array {
  const meta = new ByteWriter().leb(cached.size)
  for (const [name, { bytes }] of cached) meta.text(name).leb(bytes.length)
  meta.leb(cached.size)
  const data = new ByteWriter()
  for (const [name, { bytes, slices }] of cached) {
    meta.text(name).leb(data.length)
    const index = new ByteWriter().leb(bytes.length).leb(slices.length)
    let address = 0
    for (const { start, end } of slices) {
      data.bytes(bytes.subarray(start, end))
      index.leb(start).leb(end).leb(address)
      address += end - start
    }
    data.bytes(index.finish()).u64(address)
  }
  const metaBytes = meta.finish()
  return new ByteWriter()
    .u32(HOTCACHE_MAGIC)
    .u32(HOTCACHE_VERSION)
    .u32(metaBytes.length)
    .bytes(metaBytes)
    .bytes(data.finish())
    .finish()
}

function slicesOf(name: string, bytes: Uint8Array): Slice[] {
  const whole = { start: 0, end: bytes.length }
  if (bytes.length <= SMALL_FILE || name === 'meta.json' || name.endsWith('.del')) return [whole]
  const body = bodyLength(bytes)
  const tail = (start: number): Slice => ({ start: Math.max(0, start), end: bytes.length })
  if (name.endsWith('.store')) return [tail(new ByteReader(bytes, body - 24).u64())]
  if (name.endsWith('.fast')) {
    const directoryLength = new ByteReader(bytes, body - 20).u64()
    const directory = { start: body - 20 - directoryLength, end: body - 20 }
    return [tail(sstableTail(bytes, directory))]
  }
  const { fields, start } = compositeFields(bytes, body)
  const slices = [tail(start)]
  for (const field of fields) {
    if (name.endsWith('.idx')) slices.push({ start: field.start, end: Math.min(field.start + 8, field.end) })
    if (name.endsWith('.term')) slices.push(dictionaryTail(bytes, field))
  }
  return slices
}

/** What opening a term dictionary reads of its end: of one kind the block index too (formats/tantivy.md §4). */
function dictionaryTail(bytes: Uint8Array, field: Slice): Slice {
  const kind = new ByteReader(bytes, field.end - 4).u32()
  const start = kind === 2 ? sstableTail(bytes, { start: field.start, end: field.end - 4 }) : field.end - 16
  return { start, end: field.end }
}

/** Length of a segment file without tantivy's footer (formats/tantivy.md §3.1). */
function bodyLength(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes, bytes.length - 8)
  const footerLength = reader.u32()
  const magic = reader.u32()
  if (magic !== 1337 || footerLength > bytes.length - 8) throw new RangeError('a segment file has no footer')
  return bytes.length - 8 - footerLength
}

/** Offset of what is read of an sstable at once: its block index and what follows (formats/tantivy.md §4.3). */
function sstableTail(bytes: Uint8Array, { start, end }: Slice): number {
  const indexOffset = new ByteReader(bytes, end - 20).u64()
  if (start + indexOffset > end - 28) throw new RangeError('the index of a dictionary lies outside it')
  return start + indexOffset
}

/** Sections of the fields of a composite file, and where its own index starts (formats/tantivy.md §3.3). */
function compositeFields(bytes: Uint8Array, body: number): { fields: Slice[]; start: number } {
  const footerLength = new ByteReader(bytes, body - 4).u32()
  const start = body - 4 - footerLength
  if (start < 0) throw new RangeError('the index of a composite file lies outside it')
  let at = start
  const vint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      if (byte >= 0x80 || at > body) return value
    }
  }
  const starts: number[] = []
  let offset = 0
  for (let left = vint(); left > 0 && at < body - 4; left--) {
    offset += vint()
    at += 4
    vint()
    starts.push(offset)
  }
  return { fields: starts.map((first, k) => ({ start: first, end: starts[k + 1] ?? start })), start }
}

function merge(slices: readonly Slice[]): Slice[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of [...slices]
    .filter((slice) => slice.end > slice.start)
    .sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}
