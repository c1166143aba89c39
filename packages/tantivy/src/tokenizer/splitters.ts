import { ALPHANUMERIC } from './character-class.ts'
import type { EmitPiece, Splitter } from './tokenizer.ts'

/** The whole text as one token, also when it is empty. */
export const rawSplitter: Splitter = {
  split(text, emit) {
    emit(0, text.length, 0)
  },
}

/** Maximal runs of alphanumeric characters. */
export const simpleSplitter: Splitter = {
  split(text, emit) {
    let start = -1
    let position = 0
    for (let i = 0; i < text.length;) {
      const codePoint = text.codePointAt(i)!
      if (ALPHANUMERIC.has(codePoint)) {
        if (start < 0) start = i
      } else if (start >= 0) {
        emit(start, i, position++)
        start = -1
      }
      i += codePoint > 0xffff ? 2 : 1
    }
    if (start >= 0) emit(start, text.length, position)
  },
}

/** Runs between ASCII white space (not the vertical tab, not the no-break space). */
export const whitespaceSplitter: Splitter = {
  split(text, emit) {
    let start = -1
    let position = 0
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i)
      if (unit === 32 || unit === 9 || unit === 10 || unit === 12 || unit === 13) {
        if (start >= 0) emit(start, i, position++)
        start = -1
      } else if (start < 0) start = i
    }
    if (start >= 0) emit(start, text.length, position)
  },
}

/** Alphanumeric runs, in which each Chinese character is a token of its own. */
export const chineseSplitter: Splitter = {
  split(text, emit) {
    let start = -1
    let position = 0
    for (let i = 0; i < text.length;) {
      const codePoint = text.codePointAt(i)!
      const next = i + (codePoint > 0xffff ? 2 : 1)
      const alphanumeric = ALPHANUMERIC.has(codePoint)
      const chinese = alphanumeric && isChinese(codePoint)
      if (alphanumeric && !chinese) {
        if (start < 0) start = i
      } else {
        if (start >= 0) emit(start, i, position++)
        start = -1
        if (chinese) emit(i, next, position++)
      }
      i = next
    }
    if (start >= 0) emit(start, text.length, position)
  },
}

/** The ranges as Quickwit has them: the main one begins at U+4500, not U+4E00. */
function isChinese(codePoint: number): boolean {
  return (
    (codePoint >= 0x4500 && codePoint <= 0x9fff) ||
    (codePoint >= 0x3400 && codePoint <= 0x4dbf) ||
    (codePoint >= 0x20000 && codePoint <= 0x2a6df) ||
    (codePoint >= 0x2a700 && codePoint <= 0x2ceaf)
  )
}

/**
 * N-grams of `minGram` to `maxGram` code points, all of them or only those at the start; positions are all 0.
 *
 * @throws RangeError on sizes that are not 1 <= minGram <= maxGram.
 */
export function ngramSplitter(minGram: number, maxGram: number, prefixOnly: boolean): Splitter {
  if (!(Number.isInteger(minGram) && Number.isInteger(maxGram) && minGram > 0 && minGram <= maxGram)) {
    throw new RangeError(`n-grams of ${minGram} to ${maxGram} characters: sizes must be whole, at least 1, in order`)
  }
  return {
    split(text: string, emit: EmitPiece): void {
      const bounds: number[] = [0]
      for (let i = 0; i < text.length;) bounds.push((i += text.codePointAt(i)! > 0xffff ? 2 : 1))
      const starts = prefixOnly ? Math.min(1, bounds.length) : bounds.length
      for (let from = 0; from < starts; from += 1) {
        const last = Math.min(from + maxGram, bounds.length - 1)
        for (let to = from + minGram; to <= last; to += 1) emit(bounds[from]!, bounds[to]!, 0)
      }
    },
  }
}
