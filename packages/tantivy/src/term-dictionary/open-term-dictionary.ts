import { ByteReader } from '../bytes/byte-reader.ts'
import type { ZstdDecompress } from '../bytes/zstd.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { FstTermDictionary } from './fst-term-dictionary.ts'
import { SSTableTermDictionary } from './sstable-term-dictionary.ts'
import type { TermDictionary } from './term-dictionary.ts'

/** The two kinds of term dictionaries. */
export type TermDictionaryKind = 'fst' | 'sstable'

/** What is read of the end at first: kind, footer and, of most dictionaries, their index. */
const FIRST_READ = 4096

/** Opens a field's slice of a `.term` file, of either kind. */
export async function openTermDictionary(
  whole: FileSlice,
  zstd: ZstdDecompress,
): Promise<{ kind: TermDictionaryKind; terms: TermDictionary }> {
  if (whole.length < 4) throw whole.corrupted(0, 'too short for a term dictionary')
  const slice = await whole.withTail(FIRST_READ)
  const at = slice.length - 4
  const kind = new ByteReader(await slice.read(at), slice.file, slice.start + at).u32()
  const body = slice.slice(0, at)
  if (kind === 1) return { kind: 'fst', terms: await FstTermDictionary.open(body) }
  if (kind === 2) return { kind: 'sstable', terms: await SSTableTermDictionary.open(body, zstd) }
  throw slice.corrupted(at, `term dictionary of unknown kind ${kind}`)
}

/** The dictionary of a field without terms. */
export const EMPTY_TERM_DICTIONARY: TermDictionary = {
  numTerms: 0,
  async get() {
    return null
  },
  async getMany(terms) {
    return terms.map(() => null)
  },
  async *range() {},
}
