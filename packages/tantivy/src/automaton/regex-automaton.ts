import { CharacterClass } from '../tokenizer/character-class.ts'
import { parseRegex, RegexSyntaxError, type RegexNode } from '../tokenizer/regex-parser.ts'
import { LazyStates } from './lazy-states.ts'
import { AutomatonSizeError, DEAD, type TermAutomaton } from './term-automaton.ts'

type Instruction =
  | { readonly op: 'character'; readonly set: CharacterClass }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'start' | 'end' | 'match' }

interface State {
  /** Instructions that wait for a character, ascending. */
  readonly pcs: readonly number[]
  readonly accepts: boolean
}

const MAX_INSTRUCTIONS = 10_000
const ANY: RegexNode = { kind: 'character', test: /^[^]$/v }

/**
 * A regular expression that a whole term must match, as an automaton whose states are sets of places in the expression
 * (Thompson's construction), made when they are reached: time is proportional to the text, whatever the pattern.
 */
export class RegexAutomaton implements TermAutomaton {
  readonly prefix: string
  readonly start: number
  readonly #code: Instruction[] = []
  readonly #states: LazyStates<State>
  readonly #what: string
  readonly #sets = new Map<string, CharacterClass>()
  readonly #compute = (state: State, codePoint: number): number => this.#step(state, codePoint)

  constructor(node: RegexNode, what: string) {
    this.#what = what
    this.#states = new LazyStates(what)
    this.#emit(node)
    this.#code.push({ op: 'match' })
    this.prefix = literalPrefix(node)
    this.start = this.#close([0], true)
  }

  /**
   * Compiles a pattern in the syntax of Rust's regex crate; word boundaries are refused, as in tantivy.
   *
   * @throws RegexSyntaxError
   */
  static compile(pattern: string): RegexAutomaton {
    const node = parseRegex(pattern)
    if (hasWordBoundary(node)) throw new RegexSyntaxError(pattern, 0, 'word boundaries are not supported in terms')
    return new RegexAutomaton(node, `regular expression ${JSON.stringify(pattern)}`)
  }

  /** A pattern where `*` is any text, `?` any character, and a backslash takes the next character as it is. */
  static wildcard(pattern: string): RegexAutomaton {
    const items: RegexNode[] = []
    const characters = [...pattern]
    for (let i = 0; i < characters.length; i += 1) {
      const character = characters[i]!
      if (character === '*') items.push({ kind: 'repeat', item: ANY, min: 0, max: Infinity, lazy: false })
      else if (character === '?') items.push(ANY)
      else {
        const escaped = character === '\\' && i + 1 < characters.length
        if (escaped) i += 1
        items.push(literal(characters[i]!))
      }
    }
    return new RegexAutomaton({ kind: 'sequence', items }, `pattern ${JSON.stringify(pattern)}`)
  }

  next(state: number, codePoint: number): number {
    return this.#states.next(state, codePoint, this.#compute)
  }

  accepts(state: number): boolean {
    return state !== DEAD && this.#states.state(state).accepts
  }

  #step({ pcs }: State, codePoint: number): number {
    const reached: number[] = []
    for (const pc of pcs) {
      const instruction = this.#code[pc]!
      if (instruction.op === 'character' && instruction.set.has(codePoint)) reached.push(pc + 1)
    }
    return reached.length === 0 ? DEAD : this.#close(reached, false)
  }

  /** The state of all places that some places lead to without a character. */
  #close(entries: readonly number[], atStart: boolean): number {
    // behind an end mark only the match counts: such places are kept apart
    const seen = new Set<number>()
    const pcs: number[] = []
    let accepts = false
    const stack = entries.map((pc) => 2 * pc)
    while (stack.length > 0) {
      const entry = stack.pop()!
      if (seen.has(entry)) continue
      seen.add(entry)
      const pc = entry >> 1
      const ended = entry & 1
      const instruction = this.#code[pc]!
      if (instruction.op === 'jump') stack.push(2 * instruction.to + ended)
      else if (instruction.op === 'split') stack.push(2 * instruction.second + ended, 2 * instruction.first + ended)
      else if (instruction.op === 'match') accepts = true
      else if (instruction.op === 'end') stack.push(2 * (pc + 1) + 1)
      else if (instruction.op === 'start') {
        if (atStart) stack.push(2 * (pc + 1) + ended)
      } else if (ended === 0) pcs.push(pc)
    }
    if (pcs.length === 0 && !accepts) return DEAD
    pcs.sort((a, b) => a - b)
    return this.#states.idOf(`${accepts ? 1 : 0}:${pcs.join()}`, { pcs, accepts })
  }

  #push(instruction: Instruction): number {
    if (this.#code.length >= MAX_INSTRUCTIONS) throw new AutomatonSizeError(this.#what)
    return this.#code.push(instruction) - 1
  }

  #emit(node: RegexNode): void {
    switch (node.kind) {
      case 'empty':
        return
      case 'character':
        this.#push({ op: 'character', set: this.#set(node.test) })
        return
      case 'assertion':
        this.#push({ op: node.name === 'start' || node.name === 'lineStart' ? 'start' : 'end' })
        return
      case 'sequence':
        for (const item of node.items) this.#emit(item)
        return
      case 'choice':
        this.#emitChoice(node.items)
        return
      case 'repeat':
        for (let i = 0; i < node.min; i += 1) this.#emit(node.item)
        if (node.max === Infinity) this.#emitLoop(node.item)
        else this.#emitOptional(node.item, node.max - node.min)
    }
  }

  #emitChoice(items: readonly RegexNode[]): void {
    const exits: { op: 'jump'; to: number }[] = []
    for (const [k, item] of items.entries()) {
      if (k === items.length - 1) {
        this.#emit(item)
        break
      }
      const split = { op: 'split' as const, first: 0, second: 0 }
      split.first = this.#push(split) + 1
      this.#emit(item)
      const exit = { op: 'jump' as const, to: 0 }
      exits.push(exit)
      split.second = this.#push(exit) + 1
    }
    for (const exit of exits) exit.to = this.#code.length
  }

  #emitLoop(item: RegexNode): void {
    const split = { op: 'split' as const, first: 0, second: 0 }
    const start = this.#push(split)
    split.first = start + 1
    this.#emit(item)
    split.second = this.#push({ op: 'jump', to: start }) + 1
  }

  #emitOptional(item: RegexNode, times: number): void {
    const splits: { op: 'split'; first: number; second: number }[] = []
    for (let i = 0; i < times; i += 1) {
      const split = { op: 'split' as const, first: 0, second: 0 }
      split.first = this.#push(split) + 1
      splits.push(split)
      this.#emit(item)
    }
    for (const split of splits) split.second = this.#code.length
  }

  /** One set for all places that test for the same characters. */
  #set(test: RegExp): CharacterClass {
    let set = this.#sets.get(String(test))
    if (set === undefined) this.#sets.set(String(test), (set = new CharacterClass(test)))
    return set
  }
}

function literal(character: string): RegexNode {
  const code = character.codePointAt(0)!.toString(16)
  return { kind: 'character', test: new RegExp(`^[\\u{${code}}]$`, 'v') }
}

function hasWordBoundary(node: RegexNode): boolean {
  if (node.kind === 'assertion') return node.name === 'word' || node.name === 'notWord'
  if (node.kind === 'repeat') return hasWordBoundary(node.item)
  return (node.kind === 'sequence' || node.kind === 'choice') && node.items.some(hasWordBoundary)
}

const ONE_CHARACTER = /^\^\[\\u\{([0-9a-f]+)\}\]\$$/

/** The characters that the expression must start with. */
function literalPrefix(node: RegexNode): string {
  const items = node.kind === 'sequence' ? node.items : [node]
  let prefix = ''
  for (const item of items) {
    if (item.kind === 'assertion' && item.name === 'start') continue
    if (item.kind === 'sequence') {
      const inner = literalPrefix(item)
      prefix += inner
      if (!item.items.every(isLiteral)) return prefix
      continue
    }
    const code = item.kind === 'character' && item.test.flags === 'v' ? ONE_CHARACTER.exec(item.test.source) : null
    if (code === null) return prefix
    prefix += String.fromCodePoint(Number.parseInt(code[1]!, 16))
  }
  return prefix
}

function isLiteral(node: RegexNode): boolean {
  return node.kind === 'character' && node.test.flags === 'v' && ONE_CHARACTER.test(node.test.source)
}
