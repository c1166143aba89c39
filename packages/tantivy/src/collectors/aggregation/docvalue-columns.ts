import type { Column } from '../../columnar/column.ts'
import type { SegmentReader } from '../../segment/segment-reader.ts'
import { invalidRequest } from './aggregation-error.ts'
import { openColumns } from './resolve-column.ts'

/** The columns of fields to show with a hit, by name; a `*` in a name stands for any text, keys of a path parted by dots. */
export async function docvalueColumns(
  segment: SegmentReader,
  names: readonly string[],
): Promise<{ readonly name: string; readonly columns: readonly Column[] }[]> {
  const entries = await segment.columns()
  const all = [...new Set(entries.map(({ name }) => name.replaceAll('\u0001', '.')))]
  const wanted = names.flatMap((name) => {
    if (!name.includes('*')) return [name]
    const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    const pattern = new RegExp(`^${parts.join('.*')}$`, 's')
    return all.filter((each) => pattern.test(each))
  })
  const fields = await Promise.all(
    wanted.map(async (name) => ({ name, columns: await openColumns(segment, name, null) })),
  )
  if (fields.length < names.length) {
    throw invalidRequest(`no fast field matches the docvalue_fields ${names.join(', ')}`)
  }
  return fields
}
