import type { ColumnMetaData, PageHeader } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'

/** A run of bytes of a file. */
export interface FileRun {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A data page as it is in the file. */
export interface StoredPage {
  /** The first row and the one after the last, in the row group. */
  readonly first: number
  readonly end: number
  readonly header: PageHeader
  readonly stored: Uint8Array
  /** Whether its values are codes of the dictionary. */
  readonly coded: boolean
}

export interface ColumnPages {
  readonly dictionary: { readonly header: PageHeader; readonly stored: Uint8Array } | null
  /** By ascending rows. */
  readonly pages: readonly StoredPage[]
}

/** Of a page that is read without those before it, where it starts. */
export interface PageStart {
  readonly offset: number
  readonly row: number
}

const CODED = new Set(['RLE_DICTIONARY', 'PLAIN_DICTIONARY'])

/**
 * The pages of a flat column chunk, by their headers, in the runs of bytes that were read of it. `starts` says in which row
 * a page starts; where it is empty, the runs are one, which is the whole chunk.
 */
export function columnPages(
  meta: ColumnMetaData,
  runs: readonly FileRun[],
  starts: readonly PageStart[],
  rows: number,
): ColumnPages {
  const rowAt = new Map(starts.map(({ offset, row }) => [offset, row]))
  let dictionary: ColumnPages['dictionary'] = null
  const pages: StoredPage[] = []
  let row = 0
  for (const { offset, bytes } of runs) {
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
    while (reader.offset < bytes.length && (starts.length > 0 || row < rows)) {
      row = rowAt.get(offset + reader.offset) ?? row
      const header = parquetHeader(reader)
      const at = reader.offset
      const size = header.compressed_page_size
      if (!(size >= 0 && at + size <= bytes.length && header.uncompressed_page_size >= 0)) {
        throw new Error('a page ends early')
      }
      const stored = bytes.subarray(at, at + size)
      reader.offset = at + size
      if (header.type === 'DICTIONARY_PAGE') dictionary = { header, stored }
      const page = header.data_page_header ?? header.data_page_header_v2
      if (page === undefined) continue
      const count = header.data_page_header_v2?.num_rows ?? page.num_values
      if (!(count >= 0)) throw new Error('a page of a negative number of rows')
      pages.push({ first: row, end: row + count, header, stored, coded: CODED.has(page.encoding) })
      row += count
    }
  }
  if (starts.length === 0 && row < rows) throw new Error(`column ${meta.path_in_schema.join('.')} has too few rows`)
  return { dictionary, pages }
}
