import type { TokenFilter } from './tokenizer.ts'
import { utf8Length } from './utf8-length.ts'

/** Keeps tokens of fewer than `limit` UTF-8 bytes. */
export function removeLong(limit: number): TokenFilter {
  return (text) => (text.length * 3 < limit || utf8Length(text) < limit ? text : null)
}

/** Lower-cases code point by code point: a sigma is σ also at the end of a word. */
export const lowerCase: TokenFilter = (text) => {
  const lower = text.toLowerCase()
  return lower.includes('ς') ? text.replaceAll('Σ', 'σ').toLowerCase() : lower
}
