/** A value of a stored document (section 8); 64-bit integers are bigint, dates nanoseconds. */
export type StoredValue =
  | { readonly type: 'str' | 'facet'; readonly value: string }
  | { readonly type: 'u64' | 'i64' | 'date'; readonly value: bigint }
  | { readonly type: 'f64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  /** 128 bits; IPv4 in its mapped form. */
  | { readonly type: 'ip'; readonly value: bigint }
  | { readonly type: 'null' }
  | { readonly type: 'pretokenized'; readonly text: string; readonly tokens: readonly PreTokenizedToken[] }
  | { readonly type: 'array'; readonly values: readonly StoredValue[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [string, StoredValue])[] }

export interface PreTokenizedToken {
  readonly text: string
  readonly from: number
  readonly to: number
  readonly position: number
  readonly positionLength: number
}

/** Stored fields of a document in the order they were added: field ordinal and value. */
export type StoredDocument = readonly (readonly [number, StoredValue])[]

/** Receives the fields of a document; values of fields that are not wanted are skipped without being built. */
export interface StoredVisitor {
  wants(field: number): boolean
  value(field: number, value: StoredValue): void
}
