import type { BytesColumn, Column } from '../../columnar/column.ts'
import { RegexProgram } from '../../tokenizer/regex-program.ts'
import { invalidRequest } from './aggregation-error.ts'
import type { TermFilter, TermsAggregation } from './aggregation-request.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** 1 for each ordinal that a request's include and exclude leave; null where there is neither. */
export async function allowedTerms(
  column: Column,
  request: TermsAggregation,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const { include, exclude } = request
  if (include === null && exclude === null) return null
  const { dictionary } = column as BytesColumn
  const allowed = new Uint8Array(dictionary.numTerms).fill(include === null ? 1 : 0)
  if (include !== null) await mark(dictionary, include, allowed, 1, signal)
  if (exclude !== null) await mark(dictionary, exclude, allowed, 0, signal)
  return allowed
}

async function mark(
  dictionary: BytesColumn['dictionary'],
  filter: TermFilter,
  flags: Uint8Array,
  flag: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (filter.values !== undefined) {
    for (const value of filter.values) {
      const ordinal = await dictionary.ordOf(encoder.encode(value), signal)
      if (ordinal >= 0) flags[ordinal] = flag
    }
    return
  }
  const matches = wholeMatcher(filter.pattern)
  const { offsets, bytes } = await dictionary.all(signal)
  for (let k = 0; k < dictionary.numTerms; k += 1) {
    if (matches(decoder.decode(bytes.subarray(offsets[k], offsets[k + 1])))) flags[k] = flag
  }
}

/** Whether a pattern matches the whole of a text, in linear time. */
function wholeMatcher(pattern: string): (text: string) => boolean {
  let program: RegexProgram
  try {
    program = RegexProgram.compile(`^(?:${pattern})$`)
  } catch (error) {
    throw invalidRequest(`invalid regex ${JSON.stringify(pattern)}: ${(error as Error).message}`)
  }
  return (text) => program.find(text, 0) !== null
}
