import { IndexCorruptedError, MemoryDirectory, openIndex, UnsupportedIndexError } from '@volley/tantivy'
import type { Dice } from './damage.ts'
import { type Reading, readingsOf } from './readings.ts'

/** A reading, and what it gives of the undamaged segment: computed when it is first needed. */
export interface Known {
  readonly reading: Reading
  text: string | null
}

/** One segment as an index of its own. */
export interface Subject {
  readonly name: string
  readonly files: ReadonlyMap<string, Uint8Array>
  /** By file. */
  readonly readings: ReadonlyMap<string, readonly Known[]>
}

const encoder = new TextEncoder()

/** Each segment of an index of its own, but for those of more bytes. */
export async function subjectsOf(
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
  maxBytes: number,
): Promise<Subject[]> {
  const meta = JSON.parse(new TextDecoder().decode(files.get('meta.json'))) as { segments: { segment_id: string }[] }
  const subjects: Subject[] = []
  for (const [k, segment] of meta.segments.entries()) {
    const stem = segment.segment_id.replaceAll('-', '')
    const own = new Map([...files].filter(([file]) => file.startsWith(stem)))
    let size = 0
    for (const bytes of own.values()) size += bytes.length
    if (size > maxBytes) continue
    own.set('meta.json', encoder.encode(JSON.stringify({ ...meta, segments: [segment] })))
    subjects.push(await subjectOf(`${name} segment ${k}`, own))
  }
  return subjects
}

async function subjectOf(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<Subject> {
  const byExtension = await readingsOf(await openIndex(new MemoryDirectory(files)))
  const readings = new Map<string, Known[]>()
  for (const file of files.keys()) {
    const own = byExtension.get(file === 'meta.json' ? file : file.split('.').at(-1)!) ?? []
    if (own.length > 0)
      readings.set(
        file,
        own.map((reading) => ({ reading, text: null })),
      )
  }
  return { name, files, readings }
}

/** One of the ways to read a file: those that print all of it are drawn less often. */
export function drawReading(readings: readonly Known[], next: Dice): Known {
  let known = readings[next(readings.length)]!
  for (let k = 0; k < 2 && known.reading.whole; k += 1) known = readings[next(readings.length)]!
  return known
}

/** How a damaged file was taken. */
export type Outcome = 'refused' | 'same' | 'different'

/** Reads a segment with one file replaced; throws what is neither a right answer nor a refusal. */
export async function attempt(subject: Subject, file: string, bytes: Uint8Array, known: Known): Promise<Outcome> {
  const files = new Map(subject.files).set(file, bytes)
  const directory = new MemoryDirectory(files)
  let text: string
  try {
    text = await known.reading.run(await openIndex(directory))
  } catch (error) {
    if (error instanceof IndexCorruptedError && error.file !== '' && error.offset >= 0) return 'refused'
    if (error instanceof UnsupportedIndexError) return 'refused'
    throw error
  }
  known.text ??= await known.reading.run(await openIndex(new MemoryDirectory(subject.files)))
  if (text === known.text) return 'same'
  if (file !== 'meta.json' && file !== 'columnar') {
    const noticed = await (await openIndex(directory)).verifyChecksums().then(
      () => false,
      (error: unknown) => error instanceof IndexCorruptedError,
    )
    if (!noticed) throw new Error('read otherwise, with right checksums')
  }
  return 'different'
}
