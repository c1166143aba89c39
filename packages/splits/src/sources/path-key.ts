import type { ScanColumn } from '@volley/planner'
import { mappingId } from '../mapping/mapping-id.ts'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import type { DocUnit } from './opened-layout.ts'

type Path = Extract<ScanColumn, { kind: 'path' }>

const keys = new WeakMap<Path, string>()

/** What the texts at a path in a unit are kept by, with its open split. */
export function pathKey({ segment, start, end }: DocUnit, mapping: DocMapping, path: Path): string {
  let key = keys.get(path)
  if (key === undefined) keys.set(path, (key = JSON.stringify([path.name, ...path.path])))
  return `${segment.ord}/${start}-${end}/${mappingId(mapping)}/${key}`
}
