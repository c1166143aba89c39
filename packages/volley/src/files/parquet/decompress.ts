import zlib from 'node:zlib'
import { SLACK_BYTES, uncompressSnappy, type Region } from '@volley/kernels'
import type { CompressionCodec, Compressors } from 'hyparquet'
import { compressors as others } from 'hyparquet-compressors'

/** No byte of LZ4 becomes more than 255. */
const MOST_GROWTH = 256

/** The `length` bytes of a compressed page, in the memory of the region, unless they are not compressed. */
export function decompressPage(codec: CompressionCodec, bytes: Uint8Array, length: number, region: Region): Uint8Array {
  if (codec === 'UNCOMPRESSED') {
    if (bytes.length !== length) throw new Error(`a page of ${bytes.length} bytes, which should have ${length}`)
    return bytes
  }
  if (codec === 'SNAPPY') {
    const plain = length === 0 ? bytes.subarray(0, 0) : uncompressSnappy(bytes, length, region)
    if (plain === null) throw new Error('a page that Snappy cannot decompress')
    return plain
  }
  const plain = inflate(codec, bytes, length)
  const out = region.u8(length + SLACK_BYTES).subarray(0, length)
  out.set(plain)
  return out
}

/** The `length` bytes of a compressed page, in ordinary memory. */
function inflate(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0)
  const plain = inflated(codec, bytes, length)
  if (plain.length !== length) throw new Error(`a page of ${plain.length} bytes, which should have ${length}`)
  return plain
}

function inflated(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array {
  const options = { maxOutputLength: length }
  switch (codec) {
    case 'ZSTD':
      return zlib.zstdDecompressSync(bytes, options)
    case 'GZIP':
      return zlib.gunzipSync(bytes, options)
    case 'BROTLI':
      return zlib.brotliDecompressSync(bytes, options)
    default: {
      const decompress = others[codec]
      if (decompress === undefined) throw new Error(`pages compressed by ${codec} are not supported`)
      if (length > bytes.length * MOST_GROWTH) throw new Error(`a page of ${bytes.length} bytes said to have ${length}`)
      return decompress(bytes, length)
    }
  }
}

/** Slices of a Buffer would be views of it, and of its pool. */
function own(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** For columns that hyparquet reads: bounded, by what a page says that it has. */
export const compressors: Compressors = {
  ...others,
  ZSTD: (bytes, length) => own(inflate('ZSTD', bytes, length)),
  GZIP: (bytes, length) => own(inflate('GZIP', bytes, length)),
  BROTLI: (bytes, length) => own(inflate('BROTLI', bytes, length)),
}
