import zlib from 'node:zlib'
import type { CompressionCodec } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** The `length` bytes of a compressed page. */
export function decompressPage(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array {
  const plain = plainBytes(codec, bytes, length)
  if (plain.length !== length) throw new Error(`a page of ${plain.length} bytes, which should have ${length}`)
  // Slices of a Buffer would be views of it.
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength)
}

function plainBytes(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array {
  const options = { maxOutputLength: Math.max(1, length) }
  switch (codec) {
    case 'UNCOMPRESSED':
      return bytes
    case 'ZSTD':
      return zlib.zstdDecompressSync(bytes, options)
    case 'GZIP':
      return zlib.gunzipSync(bytes, options)
    case 'BROTLI':
      return zlib.brotliDecompressSync(bytes, options)
    default: {
      if (length === 0) return new Uint8Array(0)
      const decompress = compressors[codec]
      if (decompress === undefined) throw new Error(`pages compressed by ${codec} are not supported`)
      return decompress(bytes, length)
    }
  }
}
