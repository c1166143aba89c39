import fs from 'node:fs'
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { SqlState, VolleyError } from '@volley/core'

interface Packing {
  pack(): Transform
  unpack(): Transform
}

const PACKINGS: Readonly<Record<string, Packing>> = {
  '.gz': { pack: () => zlib.createGzip(), unpack: () => zlib.createGunzip() },
  '.zst': { pack: () => zlib.createZstdCompress(), unpack: () => zlib.createZstdDecompress() },
}

function packingOf(location: string): Packing | null {
  const end = Object.keys(PACKINGS).find((name) => location.endsWith(name))
  if (end === undefined) return null
  if (end === '.zst' && zlib.createZstdCompress === undefined)
    throw new VolleyError(`this Node has no Zstandard, which "${location}" is packed with`, {
      code: SqlState.featureNotSupported,
    })
  return PACKINGS[end]!
}

/** The name without the ending that says how the file is packed. */
export function unpackedName(location: string): string {
  const end = Object.keys(PACKINGS).find((name) => location.endsWith(name))
  return end === undefined ? location : location.slice(0, -end.length)
}

/** What packs the bytes of a file whose name ends in .gz or .zst; null for others. */
export function packing(location: string): Transform | null {
  return packingOf(location)?.pack() ?? null
}

/** The bytes of a file, unpacked where its name ends in .gz or .zst. */
export function openPacked(location: string): NodeJS.ReadableStream {
  const unpacker = packingOf(location)?.unpack()
  const file = fs.createReadStream(location, { highWaterMark: 1 << 20 })
  if (unpacker === undefined) return file
  file.on('error', (error) => unpacker.destroy(error))
  return file.pipe(unpacker)
}
