import { ALPHANUMERIC, CharacterClass } from './character-class.ts'
import type { EmitPiece, Splitter } from './tokenizer.ts'

/**
 * Word_Break classes of UAX #29, derived from properties that regular expressions know, in order: the first that matches
 * counts. Scripts of South East Asia are cut character by character, as the plain rules do.
 */
const CLASSES = {
  doubleQuote: /^"$/,
  singleQuote: /^'$/,
  hebrew: /^[\p{Script=Hebrew}&&\p{Lo}]$/v,
  cr: /^\r$/,
  lf: /^\n$/,
  newline: /^[\v\f\x85\u2028\u2029]$/,
  zwj: /^\u200d$/,
  regional: /^\p{Regional_Indicator}$/u,
  extend: /^[\p{Grapheme_Extend}\p{Mc}\p{Emoji_Modifier}\u200c]$/u,
  format:
    /^[\xad\u061c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0001}\u180e]$/u,
  katakana: /^[\p{Script=Katakana}\u3031-\u3035\u309b\u309c\u30a0\u30fc\uff70]$/u,
  midLetter: /^[:\xb7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a]$/,
  midNum: /^[,;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b]$/,
  midNumLet: /^[.\u2018\u2019\u2024\ufe52\uff07\uff0e]$/,
  numeric: /^[\p{Nd}\u066b\u0600-\u0605\u06dd\u0890\u0891\u08e2\u{110bd}\u{110cd}]$/u,
  extendNumLet: /^[\p{Pc}\u202f]$/u,
  wordSpace: /^[\p{Zs}--[\xa0\u2007\u202f]]$/v,
  letter:
    /^(?:[\p{Alphabetic}\u02c2-\u02c5\u02d2-\u02d7\u02de\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff\u055a\u055b\u055c\u055e\u058a\u05f3\u070f\ua708-\ua716\ua720\ua721\ua789\ua78a\uab5b])$/u,
} as const

type WordBreak = keyof typeof CLASSES | 'pictographic' | 'other'

const NO_LETTER = new CharacterClass(
  /^[\p{Ideographic}\p{Script=Hiragana}\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Ahom}]$/u,
)
const PICTOGRAPHIC = new CharacterClass(/^\p{Extended_Pictographic}$/u)
const NAMED = Object.entries(CLASSES) as [keyof typeof CLASSES, RegExp][]
const known = new Map<number, WordBreak>()

function wordBreak(codePoint: number): WordBreak {
  let value = known.get(codePoint)
  if (value === undefined) {
    const character = String.fromCodePoint(codePoint)
    value = NAMED.find(([, pattern]) => pattern.test(character))?.[0] ?? 'other'
    if (value === 'letter' && NO_LETTER.has(codePoint)) value = 'other'
    if (known.size < 0x10000) known.set(codePoint, value)
  }
  return value
}

const isAHLetter = (c: WordBreak): boolean => c === 'letter' || c === 'hebrew'
const isMidNumLetQ = (c: WordBreak): boolean => c === 'midNumLet' || c === 'singleQuote'
const isIgnored = (c: WordBreak): boolean => c === 'extend' || c === 'format' || c === 'zwj'
const isLineEnd = (c: WordBreak): boolean => c === 'cr' || c === 'lf' || c === 'newline'

/** The words of UAX #29 (Unicode text segmentation) that hold a letter or a digit. */
export const wordSplitter: Splitter = {
  split(text: string, emit: EmitPiece): void {
    const starts: number[] = []
    const classes: WordBreak[] = []
    for (let i = 0; i < text.length;) {
      const codePoint = text.codePointAt(i)!
      starts.push(i)
      classes.push(wordBreak(codePoint))
      i += codePoint > 0xffff ? 2 : 1
    }
    let from = 0
    let position = 0
    for (let i = 1; i <= classes.length; i += 1) {
      if (i < classes.length && !breaksBefore(text, starts, classes, i)) continue
      const start = starts[from]!
      const end = i < classes.length ? starts[i]! : text.length
      if (hasAlphanumeric(text, start, end)) emit(start, end, position++)
      from = i
    }
  },
}

function hasAlphanumeric(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (ALPHANUMERIC.has(text.codePointAt(i)!)) return true
  return false
}

/** Rules WB3 to WB999: is there a boundary before character `i`? */
function breaksBefore(text: string, starts: readonly number[], classes: readonly WordBreak[], i: number): boolean {
  const before = classes[i - 1]!
  const after = classes[i]!
  if (before === 'cr' && after === 'lf') return false
  if (isLineEnd(before) || isLineEnd(after)) return true
  if (before === 'zwj' && PICTOGRAPHIC.has(text.codePointAt(starts[i]!)!)) return false
  if (before === 'wordSpace' && after === 'wordSpace') return false
  if (isIgnored(after)) return false
  const a = significantBefore(classes, i)
  const left = a < 0 ? 'other' : classes[a]!
  const b = a < 0 ? -1 : significantBefore(classes, a)
  const leftOfLeft = b < 0 ? 'other' : classes[b]!
  const right = after
  const rightOfRight = significantAfter(classes, i)
  if (isAHLetter(left) && isAHLetter(right)) return false
  if (isAHLetter(left) && (right === 'midLetter' || isMidNumLetQ(right)) && isAHLetter(rightOfRight)) return false
  if (isAHLetter(leftOfLeft) && (left === 'midLetter' || isMidNumLetQ(left)) && isAHLetter(right)) return false
  if (left === 'hebrew' && right === 'singleQuote') return false
  if (left === 'hebrew' && right === 'doubleQuote' && rightOfRight === 'hebrew') return false
  if (leftOfLeft === 'hebrew' && left === 'doubleQuote' && right === 'hebrew') return false
  if (left === 'numeric' && (right === 'numeric' || isAHLetter(right))) return false
  if (isAHLetter(left) && right === 'numeric') return false
  if (leftOfLeft === 'numeric' && (left === 'midNum' || isMidNumLetQ(left)) && right === 'numeric') return false
  if (left === 'numeric' && (right === 'midNum' || isMidNumLetQ(right)) && rightOfRight === 'numeric') return false
  if (left === 'katakana' && right === 'katakana') return false
  const joinsLeft = isAHLetter(left) || left === 'numeric' || left === 'katakana' || left === 'extendNumLet'
  if (joinsLeft && right === 'extendNumLet') return false
  if (left === 'extendNumLet' && (isAHLetter(right) || right === 'numeric' || right === 'katakana')) return false
  return !(left === 'regional' && right === 'regional' && regionalsBefore(classes, i) % 2 === 1)
}

/** The nearest character before `i` that rule WB4 does not skip; -1 where a line ends or the text begins. */
function significantBefore(classes: readonly WordBreak[], i: number): number {
  let k = i - 1
  while (k >= 0 && isIgnored(classes[k]!)) k -= 1
  if (k >= 0 && !isLineEnd(classes[k]!)) return k
  // at the start of a line an ignored character stands for itself, and joins nothing
  return -1
}

function significantAfter(classes: readonly WordBreak[], i: number): WordBreak {
  let k = i + 1
  while (k < classes.length && isIgnored(classes[k]!)) k += 1
  return classes[k] ?? 'other'
}

function regionalsBefore(classes: readonly WordBreak[], i: number): number {
  let count = 0
  for (let k = significantBefore(classes, i); k >= 0 && classes[k] === 'regional'; k = significantBefore(classes, k)) {
    count += 1
  }
  return count
}
