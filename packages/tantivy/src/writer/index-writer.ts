import { META_FILE } from '../schema/index-meta.ts'
import type { IndexSchema } from '../schema/index-schema.ts'
import { ByteWriter } from './byte-writer.ts'
import { withFooter, type WrittenSegment } from './segment-writer.ts'

const MANAGED_FILE = '.managed.json'

export interface IndexWriteOptions {
  /** Default 0. */
  readonly opstamp?: number
  readonly payload?: string
  /** Block size of the document stores, to be noted for writers; default 16384. */
  readonly storeBlockSize?: number
}

/**
 * The segment with documents marked as deleted (section 10), in place of those that were: the other files stay as they are.
 *
 * @throws RangeError for a document that the segment does not have.
 */
export function deleteDocuments(segment: WrittenSegment, docs: Iterable<number>, opstamp: number): WrittenSegment {
  const { id, maxDoc } = segment
  const words = Math.ceil(maxDoc / 64)
  const alive = new Uint8Array(words * 8)
  for (let doc = 0; doc < maxDoc; doc += 1) alive[doc >> 3]! |= 1 << (doc & 7)
  let numDeletedDocs = 0
  for (const doc of docs) {
    if (!Number.isInteger(doc) || doc < 0 || doc >= maxDoc) {
      throw new RangeError(`segment ${id} of ${maxDoc} documents has no document ${doc}`)
    }
    const bit = 1 << (doc & 7)
    if ((alive[doc >> 3]! & bit) !== 0) numDeletedDocs += 1
    alive[doc >> 3]! &= ~bit
  }
  const body = new ByteWriter()
  body.u32(maxDoc)
  body.append(alive)
  const files = new Map([...segment.files].filter(([name]) => !name.endsWith('.del')))
  files.set(`${id}.${opstamp}.del`, withFooter(body.finish()))
  return { id, maxDoc, files, deletes: { numDeletedDocs, opstamp } }
}

/** All files of an index of these segments, `meta.json` and `.managed.json` included; segments without documents are left out. */
export function writeIndex(
  segments: readonly WrittenSegment[],
  schema: IndexSchema,
  options: IndexWriteOptions = {},
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const written = segments.filter((segment) => segment.maxDoc > 0)
  for (const segment of written) for (const [name, bytes] of segment.files) files.set(name, bytes)
  const meta = {
    index_settings: { docstore_compression: 'none', docstore_blocksize: options.storeBlockSize ?? 16384 },
    segments: written.map(({ id, maxDoc, deletes }) => ({
      segment_id: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      max_doc: maxDoc,
      deletes: deletes === undefined ? null : { num_deleted_docs: deletes.numDeletedDocs, opstamp: deletes.opstamp },
    })),
    schema: schema.json,
    opstamp: options.opstamp ?? 0,
    ...(options.payload !== undefined && { payload: options.payload }),
  }
  const encoder = new TextEncoder()
  const managed = [...files.keys(), META_FILE].sort()
  files.set(META_FILE, encoder.encode(`${JSON.stringify(meta, null, 2)}\n`))
  files.set(MANAGED_FILE, encoder.encode(`${JSON.stringify(managed)}\n`))
  return files
}
