import { FileSlice } from '../directory/file-slice.ts'
import type { Directory } from '../directory/directory.ts'
import { ByteReader } from './byte-reader.ts'
import { crc32 } from './crc32.ts'

const MAGIC = 1337
const MAX_FOOTER = 50_000
/** What is read of the end of a file at first: small files whole, of others most of their tables. */
const FIRST_READ = 8192

/** The footer that every file of a segment ends with (section 3.1). */
export interface Footer {
  readonly crc: number
  readonly indexFormatVersion: number
  readonly body: FileSlice
}

/** Reads the footer of a file; throws IndexCorruptedError on a bad one or an index format outside 4..7. */
export async function readFooter(directory: Directory, file: string, signal?: AbortSignal): Promise<Footer> {
  const bare = FileSlice.ofFile(directory, file)
  if (bare.length < 8) throw bare.corrupted(0, 'too short for a footer')
  const whole = await bare.withTail(FIRST_READ, signal)
  const ending = new ByteReader(await whole.read(whole.length - 8, whole.length, signal), file, whole.length - 8)
  const length = ending.u32()
  if (ending.u32() !== MAGIC) throw whole.corrupted(whole.length - 4, 'no footer magic number')
  if (length > MAX_FOOTER || length > whole.length - 8) {
    throw whole.corrupted(whole.length - 8, `footer of ${length} bytes`)
  }
  const start = whole.length - 8 - length
  const json = parseFooter(await whole.read(start, whole.length - 8, signal))
  if (json === null) throw whole.corrupted(start, 'unreadable footer')
  if (json.version < 4 || json.version > 7) {
    throw whole.corrupted(start, `index format version ${json.version}; versions 4 to 7 can be read`)
  }
  return { crc: json.crc, indexFormatVersion: json.version, body: whole.slice(0, start) }
}

function parseFooter(bytes: Uint8Array): { crc: number; version: number } | null {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as {
      crc?: unknown
      version?: { index_format_version?: unknown }
    }
    const crc = json.crc
    const version = json.version?.index_format_version
    return typeof crc === 'number' && typeof version === 'number' ? { crc, version } : null
  } catch {
    return null
  }
}

/** Reads a file whole and compares its body with the checksum of its footer; throws IndexCorruptedError. */
export async function verifyChecksum(directory: Directory, file: string, signal?: AbortSignal): Promise<void> {
  const footer = await readFooter(directory, file, signal)
  const step = 1 << 22
  let crc = 0
  for (let at = 0; at < footer.body.length; at += step) {
    crc = crc32(await footer.body.read(at, Math.min(at + step, footer.body.length), signal), crc)
  }
  if (crc !== footer.crc) throw footer.body.corrupted(0, `checksum ${crc} differs from the footer's ${footer.crc}`)
}
