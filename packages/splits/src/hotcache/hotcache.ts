import { ByteReader } from '../bundle/byte-reader.ts'

export const HOTCACHE_MAGIC = 2_557_869_106
export const HOTCACHE_VERSION = 1

interface CachedSlice {
  readonly start: number
  readonly end: number
  /** Offset of the slice in the file's body. */
  readonly address: number
}

interface CachedFile {
  readonly length: number
  readonly body: Uint8Array
  /** By start, not overlapping. */
  readonly slices: readonly CachedSlice[]
}

/** The byte ranges of a split's files that come with its footer (formats/quickwit-split.md §3). */
export class Hotcache {
  readonly #files: ReadonlyMap<string, CachedFile>

  private constructor(files: ReadonlyMap<string, CachedFile>) {
    this.#files = files
  }

  /** @throws RangeError for bytes that are no hotcache. */
  static parse(bytes: Uint8Array): Hotcache {
    const reader = new ByteReader(bytes)
    const magic = reader.u32()
    if (magic !== HOTCACHE_MAGIC) throw new RangeError(`the magic number of the hotcache is ${magic}`)
    const version = reader.u32()
    if (version !== HOTCACHE_VERSION) throw new RangeError(`version ${version} of the hotcache is not known`)
    const meta = new ByteReader(reader.bytes(reader.u32()))
    const lengths = new Map<string, number>()
    for (let left = meta.leb(); left > 0; left--) lengths.set(meta.text(), meta.leb())
    const blobs: { file: string; offset: number }[] = []
    for (let left = meta.leb(); left > 0; left--) blobs.push({ file: meta.text(), offset: meta.leb() })
    const data = reader.bytes(reader.remaining)
    const files = new Map<string, CachedFile>()
    for (const [file, length] of lengths) files.set(file, { length, body: new Uint8Array(0), slices: [] })
    blobs.forEach(({ file, offset }, index) => {
      const end = blobs[index + 1]?.offset ?? data.length
      if (offset > end || end > data.length) throw new RangeError(`the hotcache of ${file} lies outside the footer`)
      const length = lengths.get(file)
      if (length !== undefined) files.set(file, parseBlob(file, data.subarray(offset, end), length))
    })
    return new Hotcache(files)
  }

  /** Names of the files that exist as far as the hotcache knows. */
  files(): string[] {
    return [...this.#files.keys()]
  }

  /** Length of a whole file, or null when it does not exist. */
  length(file: string): number | null {
    return this.#files.get(file)?.length ?? null
  }

  /** The bytes [start, end) of a file when one cached slice holds them all; an empty range is always known. */
  peek(file: string, start: number, end: number): Uint8Array | null {
    const cached = this.#files.get(file)
    if (cached === undefined) return null
    if (start === end) return new Uint8Array(0)
    const { slices } = cached
    let low = 0
    let high = slices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (slices[middle]!.start <= start) low = middle + 1
      else high = middle
    }
    const slice = slices[low - 1]
    if (slice === undefined || end > slice.end) return null
    const from = slice.address + start - slice.start
    return cached.body.subarray(from, from + end - start)
  }

  /** The cached slices of a file, by start. */
  slices(file: string): { readonly start: number; readonly end: number }[] {
    return (this.#files.get(file)?.slices ?? []).map(({ start, end }) => ({ start, end }))
  }
}

function parseBlob(file: string, blob: Uint8Array, fileLength: number): CachedFile {
  if (blob.length < 8) throw new RangeError(`the hotcache of ${file} is ${blob.length} bytes long`)
  const bodyLength = new ByteReader(blob, blob.length - 8).u64()
  if (bodyLength > blob.length - 8) throw new RangeError(`the hotcache of ${file} would hold ${bodyLength} bytes`)
  const body = blob.subarray(0, bodyLength)
  const index = new ByteReader(blob.subarray(bodyLength, blob.length - 8))
  const length = index.leb()
  if (length !== fileLength) throw new RangeError(`${file} is ${fileLength} and ${length} bytes long in the hotcache`)
  const slices: CachedSlice[] = []
  for (let left = index.leb(); left > 0; left--) {
    const start = index.leb()
    const end = index.leb()
    const address = index.leb()
    const before = slices.at(-1)?.end ?? 0
    if (start < before || end < start || end > length || address + end - start > bodyLength) {
      throw new RangeError(`slice ${start} to ${end} of ${file} in the hotcache is out of place`)
    }
    slices.push({ start, end, address })
  }
  return { length, body, slices }
}
