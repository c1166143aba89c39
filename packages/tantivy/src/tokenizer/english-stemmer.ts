import type { TokenFilter } from './tokenizer.ts'

// Snowball's English algorithm (Porter 2), https://snowballstem.org/algorithms/english/stemmer.html, version 3.1.
const WHOLE_WORDS: ReadonlyMap<string, string> = new Map([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['andes', 'atlas', 'bias', 'cosmos', 'howe', 'news', 'sky'].map((word): [string, string] => [word, word]),
])
const P1_PREFIX = /^(?:arsen|commun|emerg|gener|inter|later|organ|past|univers)/
const ASTRAL = /[\u{10000}-\u{10ffff}]/gu

const STEP_2: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['ization', 'ize'],
  ['fulness', 'ful'],
  ['iveness', 'ive'],
  ['ousness', 'ous'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['tional', 'tion'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ation', 'ate'],
  ['entli', 'ent'],
  ['fulli', 'ful'],
  ['iviti', 'ive'],
  ['ogist', 'og'],
  ['ousli', 'ous'],
  ['abli', 'able'],
  ['alli', 'al'],
  ['anci', 'ance'],
  ['ator', 'ate'],
  ['enci', 'ence'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['ogi', 'og'],
  ['li', ''],
]
const STEP_3: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['ative', ''],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
]
const STEP_4: readonly string[] = 'ement ment able ance ence ible ant ate ent ion ism iti ive ize ous al er ic'.split(
  ' ',
)

/** Stems a lower-cased English word. */
export const englishStem: TokenFilter = (text) => {
  // characters beyond the basic plane count as one
  const astral = text.match(ASTRAL)
  if (astral === null) return stem(text)
  let next = 0
  return stem(text.replace(ASTRAL, '\uffff')).replaceAll('\uffff', () => astral[next++]!)
}

function stem(input: string): string {
  const whole = WHOLE_WORDS.get(input)
  if (whole !== undefined) return whole
  if (input.length < 3) return input
  let word = markConsonantY(input.startsWith("'") ? input.slice(1) : input)
  const prefix = P1_PREFIX.exec(word)
  const p1 = prefix === null ? afterVowelAndConsonant(word, 0) : prefix[0].length
  const p2 = afterVowelAndConsonant(word, p1)
  word = step1a(word)
  word = step1b(word, p1)
  word = step1c(word)
  word = step2(word, p1)
  word = step3(word, p1, p2)
  word = step4(word, p2)
  word = step5(word, p1, p2)
  return word.replaceAll('Y', 'y')
}

function isVowel(character: string | undefined): boolean {
  return character !== undefined && 'aeiouy'.includes(character)
}

function hasVowel(word: string): boolean {
  return /[aeiouy]/.test(word)
}

/** Writes the y that is a consonant (at the start or after a vowel) as Y. */
function markConsonantY(word: string): string {
  if (!word.includes('y')) return word
  let marked = ''
  for (let i = 0; i < word.length; i += 1) {
    const consonant = word[i] === 'y' && (i === 0 || isVowel(marked[i - 1]))
    marked += consonant ? 'Y' : word[i]
  }
  return marked
}

/** The position after the first consonant that follows a vowel, both at or after `from`; the word's length if none. */
function afterVowelAndConsonant(word: string, from: number): number {
  let i = from
  while (i < word.length && !isVowel(word[i])) i += 1
  while (i < word.length && isVowel(word[i])) i += 1
  return Math.min(i + 1, word.length)
}

function endsInShortSyllable(word: string): boolean {
  return /[^aeiouy][aeiouy][^aeiouywxY]$/s.test(word) || /^[aeiouy][^aeiouy]$/s.test(word) || word.endsWith('past')
}

function step1a(input: string): string {
  const word = input.replace(/'(?:s'?)?$/, '')
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (word.endsWith('ied') || word.endsWith('ies')) return word.length >= 5 ? word.slice(0, -2) : word.slice(0, -1)
  if (word.endsWith('us') || word.endsWith('ss') || !word.endsWith('s')) return word
  return hasVowel(word.slice(0, -2)) ? word.slice(0, -1) : word
}

function step1b(word: string, p1: number): string {
  const suffix = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0]
  if (suffix === undefined) return word
  const stem = word.slice(0, -suffix.length)
  if (suffix.startsWith('eed')) {
    return stem.length < p1 || /^(?:succ|proc|exc)$/.test(stem) ? word : `${stem}ee`
  }
  if (suffix === 'ing') {
    if (/^[^aeiouy]y$/s.test(stem)) return `${stem[0]}ie`
    if (/^(?:even|cann|inn|earr|herr|out)$/.test(stem)) return word
  }
  if (!hasVowel(stem)) return word
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/([bdfgmnprt])\1$/.test(stem)) return /^[aeo]..$/.test(stem) ? stem : stem.slice(0, -1)
  return stem.length === p1 && endsInShortSyllable(stem) ? `${stem}e` : stem
}

function step1c(word: string): string {
  return /[^aeiouy][yY]$/s.test(word) && word.length > 2 ? `${word.slice(0, -1)}i` : word
}

function step2(word: string, p1: number): string {
  const rule = STEP_2.find(([suffix]) => word.endsWith(suffix))
  if (rule === undefined) return word
  const stem = word.slice(0, -rule[0].length)
  if (stem.length < p1) return word
  if (rule[0] === 'ogi' && !stem.endsWith('l')) return word
  if (rule[0] === 'li' && !/[cdeghkmnrt]$/.test(stem)) return word
  return stem + rule[1]
}

function step3(word: string, p1: number, p2: number): string {
  const rule = STEP_3.find(([suffix]) => word.endsWith(suffix))
  if (rule === undefined) return word
  const stem = word.slice(0, -rule[0].length)
  return stem.length < (rule[0] === 'ative' ? Math.max(p1, p2) : p1) ? word : stem + rule[1]
}

function step4(word: string, p2: number): string {
  const suffix = STEP_4.find((candidate) => word.endsWith(candidate))
  if (suffix === undefined) return word
  const stem = word.slice(0, -suffix.length)
  return stem.length < p2 || (suffix === 'ion' && !/[st]$/.test(stem)) ? word : stem
}

function step5(word: string, p1: number, p2: number): string {
  const stem = word.slice(0, -1)
  if (word.endsWith('e')) {
    return stem.length >= p2 || (stem.length >= p1 && !endsInShortSyllable(stem)) ? stem : word
  }
  return word.endsWith('ll') && stem.length >= p2 ? stem : word
}
