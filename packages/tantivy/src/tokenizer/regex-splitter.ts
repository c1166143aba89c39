import type { EmitPiece, Splitter } from './tokenizer.ts'
import { RegexProgram } from './regex-program.ts'

/**
 * The non-empty matches of a pattern, one after another; each match starts afresh, so that an anchor matches where the last
 * token ended. The first empty match ends the list. Matching takes time linear in the text for every pattern.
 *
 * @throws RegexSyntaxError on a pattern that cannot be read.
 */
export function regexSplitter(pattern: string): Splitter {
  const program = RegexProgram.compile(pattern)
  return {
    split(text: string, emit: EmitPiece): void {
      let cursor = 0
      let position = 0
      while (cursor <= text.length) {
        const match = program.find(text, cursor)
        if (match === null || match.start === match.end) return
        emit(match.start, match.end, position++)
        cursor = match.end
      }
    },
  }
}
