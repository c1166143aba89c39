import { ByteWriter } from './byte-reader.ts'
import { BUNDLE_MAGIC, BUNDLE_VERSION, TRAILER_MAGIC } from './split-footer.ts'

export interface WrittenBundle {
  /** The whole split. */
  readonly bytes: Uint8Array
  readonly footerStart: number
  /** Size of the split, which is where its footer ends. */
  readonly footerEnd: number
}

/**
 * Writes a split: the files in the order of the map, back to back, then the footer (formats/quickwit-split.md §2).
 * Readers older than Quickwit 0.9 refuse the optional trailer.
 */
export function writeBundle(
  files: ReadonlyMap<string, Uint8Array>,
  hotcache: Uint8Array,
  options: { readonly trailer?: boolean } = {},
): WrittenBundle {
  const writer = new ByteWriter()
  const ranges: Record<string, { start: number; end: number }> = {}
  for (const [name, bytes] of files) {
    ranges[name] = { start: writer.length, end: writer.length + bytes.length }
    writer.bytes(bytes)
  }
  const footerStart = writer.length
  const json = new TextEncoder().encode(JSON.stringify({ files: ranges }))
  writer
    .u32(BUNDLE_MAGIC)
    .u32(BUNDLE_VERSION)
    .bytes(json)
    .u32(json.length + 8)
  writer.bytes(hotcache).u32(hotcache.length)
  if (options.trailer) writer.u64(footerStart).u32(1).u32(TRAILER_MAGIC)
  const bytes = writer.finish()
  return { bytes, footerStart, footerEnd: bytes.length }
}
