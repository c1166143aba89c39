import { Caches } from '@volley/kernels'
import { verifyChecksum } from '../bytes/footer.ts'
import type { ZstdDecompress } from '../bytes/zstd.ts'
import { decodeZstd } from '../bytes/zstd-decode.ts'
import type { Directory } from '../directory/directory.ts'
import { IndexCorruptedError } from '../errors.ts'
import { type IndexMeta, readMeta } from '../schema/index-meta.ts'
import type { IndexSchema } from '../schema/index-schema.ts'
import { TokenizerManager } from '../tokenizer/tokenizer-manager.ts'
import { AliveBitset } from './alive-bitset.ts'
import { SegmentReader } from './segment-reader.ts'

export interface OpenOptions {
  /** Replaces the zstd decoder in plain JavaScript, for example by nodeZstdDecompress of '@volley/tantivy/node'. */
  readonly zstdDecompress?: ZstdDecompress
  /** Tokenizers that queries use; tantivy's own by default. */
  readonly tokenizers?: TokenizerManager
  /** What postings that are kept decoded are counted with: those of the index are by themselves by default. */
  readonly caches?: Caches
  readonly signal?: AbortSignal
}

/** An opened index: one commit of it, as its meta.json says. */
export class Index {
  readonly meta: IndexMeta
  readonly segments: readonly SegmentReader[]
  readonly directory: Directory
  readonly tokenizers: TokenizerManager

  constructor(meta: IndexMeta, segments: readonly SegmentReader[], directory: Directory, tokenizers: TokenizerManager) {
    this.meta = meta
    this.segments = segments
    this.directory = directory
    this.tokenizers = tokenizers
  }

  get schema(): IndexSchema {
    return this.meta.schema
  }

  /** Reads every file of the index whole and compares checksums; throws IndexCorruptedError at the first that differs. */
  async verifyChecksums(signal?: AbortSignal): Promise<void> {
    for (const { id, deletes } of this.meta.segments) {
      const files = ['term', 'idx', 'pos', 'fieldnorm', 'fast', 'store'].map((extension) => `${id}.${extension}`)
      if (deletes !== null) files.push(`${id}.${deletes.opstamp}.del`)
      for (const file of files) {
        if (file.endsWith('.pos') && !this.directory.has(file)) continue
        await verifyChecksum(this.directory, file, signal)
      }
    }
  }
}

/** Opens the index of a directory: reads meta.json and the deletes. Throws IndexCorruptedError. */
export async function openIndex(directory: Directory, options: OpenOptions = {}): Promise<Index> {
  const zstd = options.zstdDecompress ?? decodeZstd
  const { caches = new Caches() } = options
  const meta = await readMeta(directory, options.signal)
  const segments = await Promise.all(
    meta.segments.map(async (segment, ord) => {
      const { id, maxDoc, deletes } = segment
      let alive: AliveBitset | null = null
      if (deletes !== null) {
        const file = `${id}.${deletes.opstamp}.del`
        alive = await AliveBitset.open(directory, file, maxDoc, options.signal)
        if (alive.countAlive() !== maxDoc - deletes.numDeletedDocs) {
          throw new IndexCorruptedError(file, 0, `not ${deletes.numDeletedDocs} documents are deleted`)
        }
      }
      return new SegmentReader(ord, segment, alive, meta.schema, directory, zstd, caches)
    }),
  )
  return new Index(meta, segments, directory, options.tokenizers ?? TokenizerManager.tantivy())
}
