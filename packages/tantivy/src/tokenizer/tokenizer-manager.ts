import { Analyzer } from './analyzer.ts'
import { asciiFolding } from './ascii-folding.ts'
import { codeSplitter } from './code-splitter.ts'
import { customTokenizer, type TokenizerDefinition } from './custom-tokenizer.ts'
import { englishStem } from './english-stemmer.ts'
import { lowerCase, removeLong } from './filters.ts'
import { chineseSplitter, rawSplitter, simpleSplitter, whitespaceSplitter } from './splitters.ts'
import type { Tokenizer } from './tokenizer.ts'
import { wordSplitter } from './word-splitter.ts'

/** Tokenizers by name (formats/tantivy.md section 11). */
export class TokenizerManager {
  readonly #tokenizers: Map<string, Tokenizer>

  constructor(tokenizers: Iterable<readonly [string, Tokenizer]> = []) {
    this.#tokenizers = new Map(tokenizers)
  }

  get(name: string): Tokenizer | undefined {
    return this.#tokenizers.get(name)
  }

  register(name: string, tokenizer: Tokenizer): void {
    this.#tokenizers.set(name, tokenizer)
  }

  /** The tokenizers that tantivy has by default: raw, default, en_stem, whitespace. */
  static tantivy(): TokenizerManager {
    const long = removeLong(40)
    return new TokenizerManager([
      ['raw', new Analyzer(rawSplitter)],
      ['default', new Analyzer(simpleSplitter, [long, lowerCase])],
      ['en_stem', new Analyzer(simpleSplitter, [long, lowerCase, englishStem])],
      ['whitespace', new Analyzer(whitespaceSplitter)],
    ])
  }

  /** The tokenizers of Quickwit's text fields, and those that a doc mapping defines. */
  static quickwit(definitions: readonly TokenizerDefinition[] = []): TokenizerManager {
    const long = removeLong(255)
    const words = new Analyzer(wordSplitter, [lowerCase, long])
    const lowercase = new Analyzer(rawSplitter, [lowerCase, long])
    const manager = new TokenizerManager([
      ['raw', new Analyzer(rawSplitter, [long])],
      ['lowercase', lowercase],
      ['raw_lowercase', lowercase],
      ['default', new Analyzer(simpleSplitter, [long, lowerCase])],
      ['whitespace', new Analyzer(whitespaceSplitter)],
      ['chinese_compatible', new Analyzer(chineseSplitter, [long, lowerCase])],
      ['source_code_default', new Analyzer(codeSplitter(false), [long, lowerCase, asciiFolding])],
      ['source_code_with_hex', new Analyzer(codeSplitter(true), [long, lowerCase, asciiFolding])],
      ['unicode_segmenter', words],
      ['datadog', words],
    ])
    for (const definition of definitions) manager.register(String(definition['name']), customTokenizer(definition))
    return manager
  }

  /** The normalizers of Quickwit's fast text fields: raw and lowercase; values of 255 bytes and more vanish. */
  static quickwitNormalizers(): TokenizerManager {
    const long = removeLong(255)
    return new TokenizerManager([
      ['raw', new Analyzer(rawSplitter, [long])],
      ['lowercase', new Analyzer(rawSplitter, [lowerCase, long])],
    ])
  }
}
