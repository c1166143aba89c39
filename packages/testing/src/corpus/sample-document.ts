import type { InputDocument, JsonInput } from '@volley/tantivy'
import type { MappingAge } from './sample-mapping.ts'

/** A document of the sample index, as its columns are; null is a field that the document does not have. */
export interface SampleDocument {
  readonly id: bigint
  /** Milliseconds since the epoch. */
  readonly ts: bigint
  readonly body: string | null
  readonly level: string | null
  readonly tag: string | null
  readonly n: bigint | null
  readonly u: bigint | null
  readonly f: number | null
  readonly b: boolean | null
  readonly labels: readonly string[] | null
  readonly counts: readonly bigint[] | null
  readonly note: string | null
  readonly attrs: { readonly [key: string]: JsonInput } | null
  readonly inner: bigint | null
  /** Not in the mapping: a value of `_dynamic`. */
  readonly extra: string | null
}

/** The document as a split of this age is given it. */
export function inputOf(document: SampleDocument, age: MappingAge): InputDocument {
  const { inner, extra, u, ts, ...fields } = document
  const dynamic: Record<string, JsonInput> = {}
  if (extra !== null) dynamic.extra = extra
  const input: Record<string, InputDocument[string]> = { ...fields, ts: ts * 1_000_000n }
  if (age === 'current') {
    input.u = u
    input['o.inner'] = inner
  } else {
    if (u !== null) dynamic.u = u
    if (inner !== null) dynamic.o = { inner }
  }
  if (Object.keys(dynamic).length > 0) input._dynamic = dynamic
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null))
}
