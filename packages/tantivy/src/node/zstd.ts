import { zstdDecompressSync } from 'node:zlib'
import type { ZstdDecompress } from '../bytes/zstd.ts'

/** The zstd decoder of node:zlib, for the `zstdDecompress` option of openIndex. */
export const nodeZstdDecompress: ZstdDecompress = (frame, length) =>
  zstdDecompressSync(frame, { maxOutputLength: Math.max(1, length) })
