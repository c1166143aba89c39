import { CharacterClass } from './character-class.ts'
import { parseRegex, RegexSyntaxError, type RegexNode } from './regex-parser.ts'

type Instruction =
  | { readonly op: 'character'; readonly set: CharacterClass }
  | { readonly op: 'assertion'; readonly name: string }
  /** Tries `first`, then `second`. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'match' }

const MAX_INSTRUCTIONS = 10_000
const WORD = new CharacterClass(/^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u)

/**
 * A regular expression as a program for a machine that follows all alternatives at once (Pike's; see Cox, "Regular
 * Expression Matching: the Virtual Machine Approach", 2009): time is text times program, whatever the pattern. Matches are
 * those of a backtracking engine, leftmost and first.
 */
export class RegexProgram {
  readonly #code: Instruction[] = []
  readonly #pattern: string
  readonly #sets = new Map<string, CharacterClass>()

  private constructor(pattern: string) {
    this.#pattern = pattern
    this.#emit(parseRegex(pattern))
    this.#push({ op: 'match' })
  }

  static compile(pattern: string): RegexProgram {
    return new RegexProgram(pattern)
  }

  /** The first match at or after `from`; text before `from` is not seen. UTF-16 offsets. */
  find(text: string, from: number): { start: number; end: number } | null {
    let current = new Threads(this.#code.length)
    let next = new Threads(this.#code.length)
    let found: { start: number; end: number } | null = null
    for (let at = from; ;) {
      if (found === null) this.#follow(current, 0, at, text, from, at)
      else if (current.count === 0) return found
      const codePoint = at < text.length ? text.codePointAt(at)! : -1
      const width = codePoint > 0xffff ? 2 : 1
      for (let k = 0; k < current.count; k += 1) {
        const pc = current.pcs[k]!
        const instruction = this.#code[pc]!
        if (instruction.op === 'match') {
          found = { start: current.starts[k]!, end: at }
          break
        }
        if (instruction.op === 'character' && codePoint >= 0 && instruction.set.has(codePoint)) {
          this.#follow(next, pc + 1, current.starts[k]!, text, from, at + width)
        }
      }
      if (codePoint < 0) return found
      at += width
      const spare = current
      current = next
      next = spare
      next.clear()
    }
  }

  /** Adds a thread, and those that it becomes without taking a character, in order of preference. */
  #follow(threads: Threads, entry: number, start: number, text: string, from: number, at: number): void {
    const stack = [entry]
    while (stack.length > 0) {
      const pc = stack.pop()!
      if (!threads.visit(pc)) continue
      const instruction = this.#code[pc]!
      if (instruction.op === 'jump') stack.push(instruction.to)
      else if (instruction.op === 'split') stack.push(instruction.second, instruction.first)
      else if (instruction.op !== 'assertion') threads.add(pc, start)
      else if (holds(instruction.name, text, from, at)) stack.push(pc + 1)
    }
  }

  /** One set for all places that test for the same characters: a repetition has many. */
  #set(test: RegExp): CharacterClass {
    let set = this.#sets.get(String(test))
    if (set === undefined) {
      set = new CharacterClass(test)
      this.#sets.set(String(test), set)
    }
    return set
  }

  #push(instruction: Instruction): number {
    if (this.#code.length >= MAX_INSTRUCTIONS) throw new RegexSyntaxError(this.#pattern, 0, 'the pattern is too large')
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
        this.#push({ op: 'assertion', name: node.name })
        return
      case 'sequence':
        for (const item of node.items) this.#emit(item)
        return
      case 'choice':
        this.#emitChoice(node.items)
        return
      case 'repeat':
        for (let i = 0; i < node.min; i += 1) this.#emit(node.item)
        if (node.max === Infinity) this.#emitLoop(node.item, node.lazy)
        else this.#emitOptional(node.item, node.max - node.min, node.lazy)
    }
  }

  #emitChoice(items: readonly RegexNode[]): void {
    const exits: { op: 'jump'; to: number }[] = []
    items.forEach((item, k) => {
      const split = { op: 'split' as const, first: 0, second: 0 }
      const last = k === items.length - 1
      if (!last) split.first = this.#push(split) + 1
      this.#emit(item)
      if (last) return
      const exit = { op: 'jump' as const, to: 0 }
      exits.push(exit)
      split.second = this.#push(exit) + 1
    })
    for (const exit of exits) exit.to = this.#code.length
  }

  #emitLoop(item: RegexNode, lazy: boolean): void {
    const split = { op: 'split' as const, first: 0, second: 0 }
    const start = this.#push(split)
    this.#emit(item)
    const end = this.#push({ op: 'jump', to: start }) + 1
    split.first = lazy ? end : start + 1
    split.second = lazy ? start + 1 : end
  }

  #emitOptional(item: RegexNode, times: number, lazy: boolean): void {
    const splits: { split: { op: 'split'; first: number; second: number }; body: number }[] = []
    for (let i = 0; i < times; i += 1) {
      const split = { op: 'split' as const, first: 0, second: 0 }
      splits.push({ split, body: this.#push(split) + 1 })
      this.#emit(item)
    }
    for (const { split, body } of splits) {
      split.first = lazy ? this.#code.length : body
      split.second = lazy ? body : this.#code.length
    }
  }
}

/** Threads in order of preference, each instruction at most once. */
class Threads {
  readonly pcs: Int32Array
  readonly starts: Int32Array
  count = 0
  readonly #seen: Uint8Array

  constructor(size: number) {
    this.pcs = new Int32Array(size)
    this.starts = new Int32Array(size)
    this.#seen = new Uint8Array(size)
  }

  visit(pc: number): boolean {
    if (this.#seen[pc] === 1) return false
    this.#seen[pc] = 1
    return true
  }

  add(pc: number, start: number): void {
    this.pcs[this.count] = pc
    this.starts[this.count++] = start
  }

  clear(): void {
    this.count = 0
    this.#seen.fill(0)
  }
}

function holds(name: string, text: string, from: number, at: number): boolean {
  switch (name) {
    case 'start':
      return at === from
    case 'end':
      return at === text.length
    case 'lineStart':
      return at === from || text[at - 1] === '\n'
    case 'lineEnd':
      return at === text.length || text[at] === '\n'
    default: {
      const before = at > from && WORD.has(codePointBefore(text, at))
      const after = at < text.length && WORD.has(text.codePointAt(at)!)
      return (before !== after) === (name === 'word')
    }
  }
}

function codePointBefore(text: string, at: number): number {
  const pair = at > 1 ? text.codePointAt(at - 2)! : 0
  return pair > 0xffff ? pair : text.charCodeAt(at - 1)
}
