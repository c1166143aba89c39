import type { DocMapping } from '../mapping/doc-mapping.ts'
import type { SplitIndex } from '../opener/split-index-opener.ts'
import { tokenizerOf } from '../query-language/build-query.ts'
import type { QueryAst } from '../query-language/query-ast.ts'
import { textTerm } from '../query-language/terms.ts'
import { SnippetGenerator } from './snippet-generator.ts'

/** Generators of the snippet fields that a split has, by field ordinal. */
export async function snippetGenerators(
  split: SplitIndex,
  mapping: DocMapping,
  ast: QueryAst,
  fields: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, { readonly name: string; readonly generator: SnippetGenerator }>> {
  const generators = new Map<number, { name: string; generator: SnippetGenerator }>()
  const { schema, segments } = split.index
  for (const name of fields) {
    const entry = schema.field(name)
    if (entry === undefined || entry.type !== 'text') continue
    const tokenizer = tokenizerOf(schema, mapping, entry.options.tokenizer ?? 'raw')
    if (tokenizer === undefined) continue
    const tokenize = (text: string, other?: string): string[] =>
      (other === undefined ? tokenizer : (tokenizerOf(schema, mapping, other) ?? tokenizer))
        .tokenize(text)
        .map((token) => token.text)
    const words = [...new Set(wordsOf(ast, name, tokenize))]
    const weights = new Map<string, number>()
    for (const word of words) {
      let docFreq = 0
      for (const segment of segments) {
        const index = await segment.invertedIndex(entry.ord)
        docFreq += (await index?.terms.get(textTerm(word), signal))?.info.docFreq ?? 0
      }
      if (docFreq > 0) weights.set(word, Math.fround(1 / Math.fround(1 + docFreq)))
    }
    generators.set(entry.ord, { name, generator: new SnippetGenerator(weights, tokenizer) })
  }
  return generators
}

/** Words of a field that a query looks for as they are; those that it only begins are none. */
function wordsOf(
  ast: QueryAst,
  field: string,
  tokenize: (text: string, tokenizer?: string) => string[],
): readonly string[] {
  switch (ast.type) {
    case 'bool':
      return [ast.must, ast.must_not, ast.should, ast.filter].flatMap((list) =>
        (list ?? []).flatMap((child) => wordsOf(child, field, tokenize)),
      )
    case 'boost':
      return wordsOf(ast.underlying, field, tokenize)
    case 'term':
      return ast.field === field ? tokenize(ast.value, 'raw') : []
    case 'full_text': {
      if (ast.field !== field) return []
      const words = tokenize(ast.text, ast.params.tokenizer)
      return ast.params.mode.type === 'bool_prefix' && words.length > 1 ? words.slice(0, -1) : words
    }
    case 'phrase_prefix':
      return ast.field === field ? tokenize(ast.phrase, ast.params.tokenizer).slice(0, -1) : []
    default:
      return []
  }
}
