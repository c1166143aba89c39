import type { Directory } from '../directory/directory.ts'
import { FileSlice } from '../directory/file-slice.ts'
import { IndexCorruptedError } from '../errors.ts'
import { IndexSchema } from './index-schema.ts'

export const META_FILE = 'meta.json'
/** Document ids end below this value, which marks the end of a scorer. */
const MAX_DOC_LIMIT = 2147483647

export interface SegmentMeta {
  /** 32 lower-case hex digits: the stem of the segment's file names. */
  readonly id: string
  readonly maxDoc: number
  readonly deletes: { readonly numDeletedDocs: number; readonly opstamp: string } | null
}

/** The content of meta.json (section 2.1). */
export interface IndexMeta {
  readonly schema: IndexSchema
  readonly segments: readonly SegmentMeta[]
  /** The `index_settings` object as it stands in the file. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly opstamp: bigint
  readonly payload: string | null
}

/** Reads meta.json; throws IndexCorruptedError where it is missing or malformed. */
export async function readMeta(directory: Directory, signal?: AbortSignal): Promise<IndexMeta> {
  const bytes = await FileSlice.ofFile(directory, META_FILE).read(undefined, undefined, signal)
  return parseMeta(new TextDecoder().decode(bytes))
}

/** Parses the text of a meta.json; throws IndexCorruptedError. */
export function parseMeta(text: string): IndexMeta {
  let json: unknown
  try {
    // opstamps are u64: keep integers that a number cannot hold as strings
    json = JSON.parse(text.replace(/("opstamp"\s*:\s*)(\d{16,20})/g, '$1"$2"'))
    if (typeof json !== 'object' || json === null) throw new Error('not an object')
    const meta = json as Record<string, unknown>
    const segments = meta['segments']
    if (!Array.isArray(segments)) throw new Error('no list of segments')
    const settings = meta['index_settings'] ?? {}
    if (typeof settings !== 'object' || settings === null) throw new Error('index_settings is not an object')
    return {
      schema: IndexSchema.fromJson(meta['schema']),
      segments: segments.map(parseSegment),
      settings: settings as Record<string, unknown>,
      opstamp: BigInt(parseOpstamp(meta['opstamp'] ?? 0)),
      payload: typeof meta['payload'] === 'string' ? meta['payload'] : null,
    }
  } catch (error) {
    throw new IndexCorruptedError(META_FILE, 0, error instanceof Error ? error.message : String(error))
  }
}

function parseSegment(json: unknown): SegmentMeta {
  const segment = json as { segment_id?: unknown; max_doc?: unknown; deletes?: unknown } | null
  const id = typeof segment?.segment_id === 'string' ? segment.segment_id.replaceAll('-', '') : ''
  if (!/^[0-9a-f]{32}$/.test(id)) throw new Error(`bad segment id ${String(segment?.segment_id)}`)
  const maxDoc = count(segment!.max_doc)
  const deletes = segment!.deletes as { num_deleted_docs?: unknown; opstamp?: unknown } | null | undefined
  if (deletes === null || deletes === undefined) return { id, maxDoc, deletes: null }
  const numDeletedDocs = count(deletes.num_deleted_docs)
  if (numDeletedDocs > maxDoc) throw new Error(`segment ${id} has more deleted documents than documents`)
  return { id, maxDoc, deletes: { numDeletedDocs, opstamp: parseOpstamp(deletes.opstamp) } }
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= MAX_DOC_LIMIT) {
    throw new Error(`bad number of documents ${String(value)}`)
  }
  return value
}

function parseOpstamp(value: unknown): string {
  const text = String(value)
  if (!/^\d{1,20}$/.test(text)) throw new Error(`bad opstamp ${text}`)
  return text
}
