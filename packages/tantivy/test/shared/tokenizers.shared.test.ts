import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TokenizerManager } from '../../src/index.ts'

const shared = process.env['VOLLEY_SHARED']
const reason = shared === undefined ? ' (skipped: VOLLEY_SHARED does not name the folder of shared fixtures)' : ''

interface Line {
  text: string
  tokenizer: string
  tokens: [string, number, number, number][]
}

describe.skipIf(shared === undefined)(`tokens as the original tokenizers cut them${reason}`, () => {
  for (const [file, manager] of [
    ['tokenizers.jsonl', TokenizerManager.tantivy()],
    ['tokenizers-quickwit.jsonl', TokenizerManager.quickwit()],
  ] as const) {
    const lines =
      shared === undefined
        ? []
        : readFileSync(`${shared}/fixtures/tantivy/${file}`, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Line)
    test.for(lines.map((line) => [line.tokenizer, line.text.slice(0, 60), line] as const))(
      `${file}: %s of %j`,
      ([name, , line]) => {
        const tokens = manager.get(name)!.tokenize(line.text)
        expect(tokens.map((token) => [token.text, token.from, token.to, token.position])).toEqual(line.tokens)
      },
    )
  }
})
