import type { RE2JS } from 're2js'

/** What is read of re2js's program (its Inst); see Cox 2010, "Regular Expression Matching: the Virtual Machine Approach". */
interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  matchRune(rune: number): boolean
}

interface Program {
  readonly inst: readonly Instruction[]
  readonly start: number
  readonly numCap: number
}

/** re2js's classes of code points that no instruction tells apart; `classBounds` are their first ones, but for class 0. */
interface RuneClasses {
  readonly classBounds: Int32Array
  readonly numClasses: number
  runeClass(rune: number): number
}

const Op = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  runeAnyNotNl: 11,
} as const
const RUNE_ANY = 10
const BEGIN_TEXT = 4
const END_TEXT = 8
const NEWLINE = 10
const REPLACEMENT = 0xfffd

const MAX_INSTRUCTIONS = 1000
const MAX_STATES = 1000
/** Times that the states are thrown away, after which a pattern is taken to have too many. */
const MAX_RESETS = 16
const UNKNOWN = -1
const MATCHED = -1
/** Code points whose class is looked up in a table. */
const TABLE = 2048

/** What a step without input leads to: captures that it sets, and the rune instruction behind them, or MATCHED. */
interface Walk {
  readonly captures: readonly number[]
  readonly at: number
}

/**
 * Finds leftmost-first matches and their groups in UTF-8, in two passes over a text, each of one table look-up a character.
 *
 * The first goes backwards: a state is the set of instructions from which what follows can still match, and the states of
 * all positions are kept. The second goes forwards from the first position where the program's start is among them, and takes
 * the first alternative that can match (Frisch and Cardelli 2004, "Greedy Regular Expression Matching"). States and steps are
 * made when they are first needed, each in time linear in the program, so that a text takes linear time.
 */
export class LinearMatcher {
  /** Offsets of the match and its groups, from the start of the text: start and end of each, -1 where there is none. */
  readonly groups: Int32Array
  readonly #inst: readonly Instruction[]
  readonly #start: number
  readonly #classes: RuneClasses
  readonly #numClasses: number
  readonly #classOf: Uint16Array
  /** By instruction, those that lead to it without input. */
  readonly #before: readonly (readonly number[])[]
  /** By class, the instructions that take it. */
  readonly #takers: readonly (readonly number[])[]
  #states = new Map<string, number>()
  #live: Uint8Array[] = []
  /** By state, whether a match can start. */
  #starts = new Uint8Array(64)
  /** By state and class, the state before; and the same where it is the text's first. */
  #previous = new Int32Array(0)
  #first = new Int32Array(0)
  /** By state and instruction: the rune instruction that comes next, or -2 less the number of a walk. */
  #steps = new Int32Array(0)
  #walks: Walk[] = []
  #endState = UNKNOWN
  #emptyState = UNKNOWN
  #resets = 0
  #trace = new Int32Array(256)
  #length = 0

  private constructor(program: Program, classes: RuneClasses) {
    this.#inst = program.inst
    this.#start = program.start
    this.#classes = classes
    this.#numClasses = classes.numClasses
    this.groups = new Int32Array(Math.max(2, program.numCap))
    this.#classOf = Uint16Array.from({ length: TABLE }, (_, rune) => classes.runeClass(rune))
    const before: number[][] = program.inst.map(() => [])
    for (const [pc, inst] of program.inst.entries()) for (const to of withoutInput(inst)) before[to]!.push(pc)
    this.#before = before
    this.#takers = Array.from({ length: this.#numClasses }, (_, c) => {
      const rune = c === 0 ? 0 : classes.classBounds[c - 1]!
      return [...program.inst.keys()].filter((pc) => takes(program.inst[pc]!, rune))
    })
    this.#clear()
  }

  /**
   * The matcher of a compiled pattern. Null where it has what the two passes do not do (word boundaries, ends of lines,
   * look-behind, loops without input), or is long.
   */
  static of(compiled: RE2JS): LinearMatcher | null {
    const re2 = compiled.re2() as unknown as { readonly prog: Program; readonly dfa: RuneClasses }
    const { prog } = re2
    const known = (inst: Instruction): boolean =>
      inst.op >= Op.alt &&
      inst.op <= Op.runeAnyNotNl &&
      (inst.op !== Op.emptyWidth || (inst.arg & ~(BEGIN_TEXT | END_TEXT)) === 0)
    if (prog.inst.length > MAX_INSTRUCTIONS || !prog.inst.every(known) || loopsWithoutInput(prog.inst)) return null
    return new LinearMatcher(prog, re2.dfa)
  }

  /** Whether the text bytes[start..end) has a match; null when the pattern has too many states to tell. */
  test(bytes: Uint8Array, start: number, end: number): boolean | null {
    return this.#run((): boolean | null => this.#read(bytes, start, end, true))
  }

  /** Reads a text, of which `next` gives the matches; false when the pattern has too many states for that. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#run(() => this.#read(bytes, start, end, false)) !== null
  }

  /** Finds the first match that starts at offset `from` or behind; its place is in `groups`. False where there is none. */
  next(from: number): boolean {
    const trace = this.#trace
    const starts = this.#starts
    const length = this.#length
    let at = from
    while (at <= length && (trace[at]! < 0 || starts[trace[at]!] === 0)) at++
    if (at > length) return false
    const { groups } = this
    groups.fill(-1)
    groups[0] = at
    const size = this.#inst.length
    let pc = this.#start
    while (true) {
      const state = trace[at]!
      let step = this.#steps[state * size + pc]!
      if (step === UNKNOWN) step = this.#walk(state, pc)
      if (step < 0) {
        const { captures, at: to } = this.#walks[-2 - step]!
        for (let i = 0; i < captures.length; i++) groups[captures[i]!] = at
        if (to === MATCHED) break
        step = to
      }
      pc = this.#inst[step]!.out
      do at++
      while (trace[at]! < 0)
    }
    groups[1] = at
    return true
  }

  /** Offset of the character behind the one at `at`. */
  after(at: number): number {
    let next = at + 1
    while (next < this.#length && this.#trace[next]! < 0) next++
    return next
  }

  /** Once more with no states when they were too many. */
  #run(read: () => boolean | null): boolean | null {
    let result: boolean | null = null
    for (let tries = 0; tries < 2 && result === null && this.#resets < MAX_RESETS; tries++) {
      result = read()
      if (result !== null) return result
      this.#resets++
      this.#clear()
    }
    return result
  }

  /** The backward pass: whether there is a match, null when states ran out. With `any`, ends where it knows. */
  #read(bytes: Uint8Array, start: number, end: number, any: boolean): boolean | null {
    const length = end - start
    if (this.#trace.length <= length) this.#trace = new Int32Array(2 * (length + 1))
    const trace = this.#trace
    this.#length = length
    const classOf = this.#classOf
    const numClasses = this.#numClasses
    let starts = this.#starts
    let previous = this.#previous
    let state = length === 0 ? this.#emptyState : this.#endState
    trace[length] = state
    let found = starts[state]!
    let at = length
    while (at > 0) {
      if (any && found === 1) return true
      let rune = bytes[start + --at]!
      if (rune >= 0x80) {
        const first = runeStart(bytes, start, start + at)
        rune = runeAt(bytes, first, start + at)
        while (start + at > first) trace[at--] = -1
      }
      const symbol = rune < TABLE ? classOf[rune]! : this.#classes.runeClass(rune)
      const to = at > 0 ? previous[state * numClasses + symbol]! : this.#first[state * numClasses + symbol]!
      if (to >= 0) state = to
      else {
        state = this.#enter(state, symbol, at === 0)
        if (state < 0) return null
        starts = this.#starts
        previous = this.#previous
      }
      trace[at] = state
      found |= starts[state]!
    }
    return found === 1
  }

  /** The state before `state` by a class; UNKNOWN where there is room for no more. */
  #enter(state: number, symbol: number, isFirst: boolean): number {
    const live = new Uint8Array(this.#inst.length)
    const after = this.#live[state]!
    for (const pc of this.#takers[symbol]!) live[pc] = after[this.#inst[pc]!.out]!
    const entered = this.#stateOf(live, isFirst ? BEGIN_TEXT : 0)
    if (entered === UNKNOWN) return UNKNOWN
    const table = isFirst ? this.#first : this.#previous
    table[state * this.#numClasses + symbol] = entered
    return entered
  }

  /** The state of instructions that take input, and of those that lead to them and to a match at a position of these flags. */
  #stateOf(live: Uint8Array, flags: number): number {
    const pending: number[] = []
    for (const [pc, inst] of this.#inst.entries()) {
      if (inst.op === Op.match) live[pc] = 1
      if (live[pc] === 1) pending.push(pc)
    }
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      for (const from of this.#before[pc]!) {
        const inst = this.#inst[from]!
        if (live[from] === 1 || (inst.op === Op.emptyWidth && (inst.arg & ~flags) !== 0)) continue
        live[from] = 1
        pending.push(from)
      }
    }
    const key = live.join('')
    const known = this.#states.get(key)
    if (known !== undefined) return known
    if (this.#live.length === MAX_STATES) return UNKNOWN
    const state = this.#live.length
    this.#states.set(key, state)
    this.#live.push(live)
    if (this.#live.length > this.#starts.length) this.#grow()
    this.#starts[state] = live[this.#start]!
    return state
  }

  #grow(): void {
    const room = this.#starts.length * 4
    this.#starts = copied(this.#starts, new Uint8Array(room))
    this.#allocate(room)
  }

  #allocate(states: number): void {
    this.#previous = copied(this.#previous, new Int32Array(states * this.#numClasses).fill(UNKNOWN))
    this.#first = copied(this.#first, new Int32Array(states * this.#numClasses).fill(UNKNOWN))
    this.#steps = copied(this.#steps, new Int32Array(states * this.#inst.length).fill(UNKNOWN))
  }

  #clear(): void {
    this.#states = new Map()
    this.#live = []
    this.#walks = []
    this.#starts = new Uint8Array(64)
    this.#previous = new Int32Array(0)
    this.#first = new Int32Array(0)
    this.#steps = new Int32Array(0)
    this.#allocate(64)
    this.#endState = this.#stateOf(new Uint8Array(this.#inst.length), END_TEXT)
    this.#emptyState = this.#stateOf(new Uint8Array(this.#inst.length), BEGIN_TEXT | END_TEXT)
  }

  /** Follows an instruction at a position of a state to the one that takes the next character, by the first that can match. */
  #walk(state: number, from: number): number {
    const live = this.#live[state]!
    const captures: number[] = []
    let pc = from
    let inst = this.#inst[pc]!
    for (; inst.op < Op.rune && inst.op !== Op.match; inst = this.#inst[pc]!) {
      if (inst.op === Op.capture) captures.push(inst.arg)
      pc = isChoice(inst) && live[inst.out] === 0 ? inst.arg : inst.out
    }
    const at = inst.op === Op.match ? MATCHED : pc
    let step = at
    if (at === MATCHED || captures.length > 0) {
      this.#walks.push({ captures, at })
      step = -1 - this.#walks.length
    }
    this.#steps[state * this.#inst.length + from] = step
    return step
  }
}

function isChoice(inst: Instruction): boolean {
  return inst.op === Op.alt || inst.op === Op.altMatch
}

/** Where an instruction leads without input. */
function withoutInput(inst: Instruction): number[] {
  if (isChoice(inst)) return [inst.out, inst.arg]
  return inst.op === Op.capture || inst.op === Op.emptyWidth || inst.op === Op.nop ? [inst.out] : []
}

function takes(inst: Instruction, rune: number): boolean {
  if (inst.op < Op.rune) return false
  if (inst.op === RUNE_ANY) return true
  return inst.op === Op.runeAnyNotNl ? rune !== NEWLINE : inst.matchRune(rune)
}

/** Whether an instruction leads to itself without input. */
function loopsWithoutInput(inst: readonly Instruction[]): boolean {
  const done = new Uint8Array(inst.length)
  const visit = (pc: number): boolean => {
    if (done[pc] !== 0) return done[pc] === 1
    done[pc] = 1
    const loops = withoutInput(inst[pc]!).some(visit)
    done[pc] = 2
    return loops
  }
  return [...inst.keys()].some(visit)
}

function copied<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Where the character begins whose last byte, of more than one, is at `last`; that byte's place when it is none. */
function runeStart(bytes: Uint8Array, start: number, last: number): number {
  let first = last
  while (first > start && last - first < 3 && (bytes[first]! & 0xc0) === 0x80) first--
  const lead = bytes[first]!
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return length === last - first + 1 ? first : last
}

function runeAt(bytes: Uint8Array, first: number, last: number): number {
  const lead = bytes[first]!
  switch (last - first) {
    case 1:
      return ((lead & 0x1f) << 6) | (bytes[last]! & 0x3f)
    case 2:
      return ((lead & 0x0f) << 12) | ((bytes[first + 1]! & 0x3f) << 6) | (bytes[last]! & 0x3f)
    case 3:
      return (
        ((lead & 0x07) << 18) |
        ((bytes[first + 1]! & 0x3f) << 12) |
        ((bytes[first + 2]! & 0x3f) << 6) |
        (bytes[last]! & 0x3f)
      )
    default:
      return REPLACEMENT
  }
}
