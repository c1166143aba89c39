import { CharacterClass, ALPHANUMERIC } from './character-class.ts'
import type { EmitPiece, Splitter } from './tokenizer.ts'

type Kind = 'upper' | 'lower' | 'digit' | 'delimiter'

const ALPHABETIC = new CharacterClass(/^\p{Alphabetic}$/u)
const UPPERCASE = new CharacterClass(/^\p{Uppercase}$/u)

function kindOf(codePoint: number): Kind {
  if (ALPHABETIC.has(codePoint)) return UPPERCASE.has(codePoint) ? 'upper' : 'lower'
  return ALPHANUMERIC.has(codePoint) ? 'digit' : 'delimiter'
}

/**
 * Identifiers cut where the class of characters changes: `RPCResult2` gives `RPC`, `Result`, `2`. With `keepHex`, a run of
 * an even number of hexadecimal digits in one letter case, between delimiters, stays whole.
 */
export function codeSplitter(keepHex: boolean): Splitter {
  return {
    split(text: string, emit: EmitPiece): void {
      let position = 0
      for (let i = 0; i < text.length;) {
        const codePoint = text.codePointAt(i)!
        if (kindOf(codePoint) === 'delimiter') {
          i += codePoint > 0xffff ? 2 : 1
          continue
        }
        const hexEnd = keepHex ? hexRun(text, i) : -1
        if (hexEnd >= 0) {
          emit(i, hexEnd, position++)
          i = hexEnd
          continue
        }
        const end = wordEnd(text, i)
        position = cutWord(text, i, end, position, emit)
        i = end
      }
    },
  }
}

function wordEnd(text: string, start: number): number {
  let i = start
  while (i < text.length) {
    const codePoint = text.codePointAt(i)!
    if (kindOf(codePoint) === 'delimiter') break
    i += codePoint > 0xffff ? 2 : 1
  }
  return i
}

/** The end of a hexadecimal word that starts here, or -1. */
function hexRun(text: string, start: number): number {
  let upper = false
  let lower = false
  let i = start
  for (; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit >= 65 && unit <= 70) upper = true
    else if (unit >= 97 && unit <= 102) lower = true
    else if (unit < 48 || unit > 57) break
    if (upper && lower) return -1
  }
  if ((i - start) % 2 !== 0 || i === start) return -1
  return i === text.length || kindOf(text.codePointAt(i)!) === 'delimiter' ? i : -1
}

function cutWord(text: string, start: number, end: number, position: number, emit: EmitPiece): number {
  let from = start
  let last = start
  let kind = kindOf(text.codePointAt(start)!)
  for (let i = start; i < end;) {
    const codePoint = text.codePointAt(i)!
    const next = kindOf(codePoint)
    if (next !== kind) {
      const cut = kind === 'upper' && next === 'lower' ? last : i
      if (cut > from) {
        emit(from, cut, position++)
        from = cut
      }
      kind = next
    }
    last = i
    i += codePoint > 0xffff ? 2 : 1
  }
  emit(from, end, position++)
  return position
}
