import { Analyzer } from './analyzer.ts'
import { asciiFolding } from './ascii-folding.ts'
import { codeSplitter } from './code-splitter.ts'
import { lowerCase, removeLong } from './filters.ts'
import { regexSplitter } from './regex-splitter.ts'
import { ngramSplitter, simpleSplitter } from './splitters.ts'
import type { Splitter, TokenFilter, Tokenizer } from './tokenizer.ts'

/** A tokenizer that a doc mapping defines (formats/quickwit-split.md §9.4), as its JSON has it. */
export type TokenizerDefinition = Readonly<Record<string, unknown>>

const FILTERS: Readonly<Record<string, TokenFilter>> = {
  remove_long: removeLong(255),
  lower_caser: lowerCase,
  ascii_folding: asciiFolding,
}

/** Builds the tokenizer of a definition; throws an Error that names the tokenizer and what is wrong with it. */
export function customTokenizer(definition: TokenizerDefinition): Tokenizer {
  const name = String(definition['name'])
  const names = definition['filters'] ?? []
  if (!Array.isArray(names)) throw new Error(`tokenizer ${name}: filters is not a list`)
  const filters = names.map((filter) => {
    const known = typeof filter === 'string' && Object.hasOwn(FILTERS, filter) ? FILTERS[filter] : undefined
    if (known === undefined) throw new Error(`tokenizer ${name}: unknown filter ${String(filter)}`)
    return known
  })
  try {
    return new Analyzer(splitterOf(definition), filters)
  } catch (error) {
    throw new Error(`tokenizer ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function splitterOf(definition: TokenizerDefinition): Splitter {
  switch (definition['type']) {
    case 'ngram':
      return ngramSplitter(
        Number(definition['min_gram']),
        Number(definition['max_gram']),
        definition['prefix_only'] === true,
      )
    case 'regex':
      if (typeof definition['pattern'] !== 'string') throw new Error('it has no pattern')
      return regexSplitter(definition['pattern'])
    case 'simple':
      return simpleSplitter
    case 'source_code':
      return codeSplitter(false)
    default:
      throw new Error(`unknown type ${String(definition['type'])}`)
  }
}
