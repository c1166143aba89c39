import { ASCII_FOLDS } from './ascii-folds.ts'
import type { TokenFilter } from './tokenizer.ts'
import { isAscii } from './utf8-length.ts'

let folds: Map<number, string> | null = null

function table(): Map<number, string> {
  if (folds !== null) return folds
  folds = new Map()
  for (const [text, ranges] of ASCII_FOLDS) {
    for (const range of ranges.split(' ')) {
      const [first, last] = range.split('-').map((hex) => parseInt(hex, 16))
      for (let codePoint = first!; codePoint <= (last ?? first!); codePoint += 1) folds.set(codePoint, text)
    }
  }
  return folds
}

/** Replaces letters, digits and signs by their ASCII look-alikes where Lucene's table has one; others stay. */
export const asciiFolding: TokenFilter = (text) => {
  if (isAscii(text)) return text
  let folded = ''
  for (const character of text) folded += table().get(character.codePointAt(0)!) ?? character
  return folded
}
