export type { EmitToken, Token, Tokenizer } from './tokenizer/tokenizer.ts'
export { TokenizerManager } from './tokenizer/tokenizer-manager.ts'
export type { TokenizerDefinition } from './tokenizer/custom-tokenizer.ts'
export { RegexSyntaxError } from './tokenizer/regex-parser.ts'
