/** Decodes zstd frames (RFC 8878) in plain JavaScript: whatever the bytes are, it ends, and holds no more than it may. */

const MAX_BLOCK = 1 << 17
const MAX_WEIGHT_BITS = 6
const MAX_CODE_BITS = 11
/** Offsets of 2^28 and more do not occur in outputs of at most that many bytes. */
const MAX_OFFSET_CODE = 28

/** A decoding table of finite state entropy: by state, its symbol, and how the next state is read. */
interface StateTable {
  readonly bits: number
  readonly symbols: Uint8Array
  readonly widths: Uint8Array
  readonly bases: Uint16Array
}

/** By the next `bits` bits: a symbol, and how many of them are its own. */
interface CodeTable {
  readonly bits: number
  readonly symbols: Uint8Array
  readonly widths: Uint8Array
}

/** Codes of lengths: what they start from and how many more bits follow. */
interface LengthCodes {
  readonly bases: Uint32Array
  readonly extra: Uint8Array
}

interface SequenceTables {
  literals: StateTable | null
  offsets: StateTable | null
  matches: StateTable | null
}

function lengthCodes(first: number, extra: readonly number[]): LengthCodes {
  const bases = new Uint32Array(extra.length)
  let base = first
  for (const [code, bits] of extra.entries()) {
    bases[code] = base
    base += 1 << bits
  }
  return { bases, extra: Uint8Array.from(extra) }
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)
const LITERAL_LENGTHS = lengthCodes(0, [
  ...zeros(16),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
])
const FEW_MATCHES = [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5]
const MATCH_LENGTHS = lengthCodes(3, [...zeros(32), ...FEW_MATCHES, ...Array.from({ length: 10 }, (_, k) => 7 + k)])

const ones = (count: number, value: number = 1): number[] => Array.from({ length: count }, () => value)
const DEFAULT_LITERALS = stateTable(6, [4, 3, ...ones(11, 2), 1, 1, 1, ...ones(9, 2), 3, 2, ...ones(5), ...ones(4, -1)])
const DEFAULT_MATCHES = stateTable(6, [1, 4, 3, ...ones(6, 2), ...ones(37), ...ones(7, -1)])
const DEFAULT_OFFSETS = stateTable(5, [...ones(6), 2, 2, 2, ...ones(15), ...ones(5, -1)])

/**
 * Decodes one frame, with nothing behind it, of at most `limit` bytes of content. Content checksums are not compared.
 *
 * @throws Error for a frame that is damaged, longer, or needs a dictionary.
 */
export function decodeZstd(frame: Uint8Array, limit: number): Uint8Array {
  return new FrameDecoder(frame, limit).decode()
}

/** Literals of the block that is being decoded; decoding is not interrupted. */
const literalsOfBlock = new Uint8Array(MAX_BLOCK)

class FrameDecoder {
  readonly #bytes: Uint8Array
  readonly #limit: number
  #pos = 0
  #out: Uint8Array
  #size = 0
  /** The most content that a block may have. */
  #maxBlock = 0
  readonly #literals: Uint8Array = literalsOfBlock
  #numLiterals = 0
  #codes: CodeTable | null = null
  readonly #tables: SequenceTables = { literals: null, offsets: null, matches: null }
  /** The last three offsets. */
  readonly #recent = Uint32Array.of(1, 4, 8)

  constructor(bytes: Uint8Array, limit: number) {
    this.#bytes = bytes
    this.#limit = limit
    this.#out = new Uint8Array(0)
  }

  decode(): Uint8Array {
    if (this.#number(4) !== 0xfd2fb528) throw new Error('no frame')
    const descriptor = this.#number(1)
    if ((descriptor & 8) !== 0) throw new Error('reserved bit')
    const single = (descriptor & 32) !== 0
    const window = single ? 0 : this.#number(1)
    const dictionary = this.#number([0, 1, 2, 4][descriptor & 3]!)
    if (dictionary !== 0) throw new Error(`dictionary ${dictionary}`)
    const kind = descriptor >> 6
    const sized = single || kind !== 0
    const content = this.#number(kind === 0 ? +single : 1 << kind) + (kind === 1 ? 256 : 0)
    if (sized && content > this.#limit) throw new Error(`${content} bytes`)
    this.#maxBlock = Math.min(MAX_BLOCK, single ? content : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8))
    this.#out = new Uint8Array(sized ? content : Math.min(this.#limit, 4 * this.#bytes.length))
    for (let last = false; !last;) {
      const header = this.#number(3)
      last = (header & 1) !== 0
      const before = this.#size
      this.#block((header >> 1) & 3, header >> 3)
      if (this.#size - before > this.#maxBlock) throw new Error(`block of ${this.#size - before} bytes`)
    }
    if ((descriptor & 4) !== 0) this.#number(4)
    if (this.#pos !== this.#bytes.length) throw new Error('bytes behind the frame')
    if (sized && this.#size !== content) throw new Error(`${this.#size} bytes, ${content} expected`)
    return this.#out.subarray(0, this.#size)
  }

  /** Reads a little-endian number of up to 8 bytes. */
  #number(length: number): number {
    if (length > this.#bytes.length - this.#pos) throw new Error('cut off')
    let value = 0
    for (let k = length - 1; k >= 0; k -= 1) value = value * 256 + this.#bytes[this.#pos + k]!
    this.#pos += length
    return value
  }

  /** Makes room for more bytes of content. */
  #reserve(more: number): void {
    const size = this.#size + more
    if (size <= this.#out.length) return
    if (size > this.#limit) throw new Error(`more than ${this.#limit} bytes`)
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(size, 2 * this.#out.length)))
    grown.set(this.#out.subarray(0, this.#size))
    this.#out = grown
  }

  #block(type: number, size: number): void {
    const bytes = this.#bytes
    if (size > MAX_BLOCK) throw new Error(`block of ${size} bytes`)
    if (type === 1) {
      const byte = this.#number(1)
      this.#reserve(size)
      this.#out.fill(byte, this.#size, this.#size + size)
      this.#size += size
      return
    }
    if (size > bytes.length - this.#pos) throw new Error('block is cut off')
    const end = this.#pos + size
    if (type === 0) {
      this.#reserve(size)
      this.#out.set(bytes.subarray(this.#pos, end), this.#size)
      this.#size += size
      this.#pos = end
    } else if (type === 2) {
      this.#readLiterals(end)
      this.#readSequences(end)
      this.#pos = end
    } else throw new Error('reserved block type')
  }

  #readLiterals(end: number): void {
    const bytes = this.#bytes
    if (end - this.#pos < 2) throw new Error('block is cut off')
    const first = bytes[this.#pos]!
    const type = first & 3
    const format = (first >> 2) & 3
    if (type < 2) {
      const length = [1, 2, 1, 3][format]!
      const count = Math.floor(this.#number(length) / (length === 1 ? 8 : 16))
      if (count > MAX_BLOCK) throw new Error(`${count} literals`)
      this.#numLiterals = count
      const taken = type === 0 ? count : 1
      if (taken > end - this.#pos) throw new Error('literals are cut off')
      if (type === 0) this.#literals.set(bytes.subarray(this.#pos, this.#pos + count))
      else this.#literals.fill(bytes[this.#pos]!, 0, count)
      this.#pos += taken
      return
    }
    const sizeBits = [10, 10, 14, 18][format]!
    const header = this.#number((4 + 2 * sizeBits) / 8)
    const count = Math.floor(header / 16) % 2 ** sizeBits
    const size = Math.floor(header / 2 ** (4 + sizeBits))
    if (count > MAX_BLOCK || size > end - this.#pos) throw new Error('literals are cut off')
    const stop = this.#pos + size
    if (type === 2) this.#codes = this.#readCodes(stop)
    const codes = this.#codes
    if (codes === null) throw new Error('literals without codes')
    this.#numLiterals = count
    if (format === 0) this.#stream(codes, this.#pos, stop, 0, count)
    else {
      const at = this.#pos + 6
      if (at > stop) throw new Error('literals are cut off')
      const each = (count + 3) >> 2
      let from = at
      for (let k = 0; k < 4; k += 1) {
        const to = k < 3 ? from + (bytes[at - 6 + 2 * k]! | (bytes[at - 5 + 2 * k]! << 8)) : stop
        if (to > stop) throw new Error('literals are cut off')
        const done = Math.min(count, k < 3 ? (k + 1) * each : count)
        this.#stream(codes, from, to, Math.min(count, k * each), done)
        from = to
      }
    }
    this.#pos = stop
  }

  /** Decodes a stream of codes, read from its end, to literals [from, to). */
  #stream(codes: CodeTable, start: number, end: number, from: number, to: number): void {
    const bytes = this.#bytes
    const out = this.#literals
    const { bits, symbols, widths } = codes
    const mask = (1 << bits) - 1
    let left = bitsOf(bytes, start, end)
    for (let i = from; i < to; i += 1) {
      const code = peek(bytes, start, left - bits) & mask
      out[i] = symbols[code]!
      left -= widths[code]!
      if (left < 0) throw new Error('literals are cut off')
    }
    if (left !== 0) throw new Error('bits behind the literals')
  }

  /** Reads weights of literals, as numbers of four bits or as a stream of states, and makes codes of them. */
  #readCodes(end: number): CodeTable {
    const bytes = this.#bytes
    const header = this.#number(1)
    const weights = new Uint8Array(256)
    let count = 0
    if (header >= 128) {
      count = header - 127
      const length = (count + 1) >> 1
      if (length > end - this.#pos) throw new Error('weights are cut off')
      for (let k = 0; k < count; k += 1) {
        const byte = bytes[this.#pos + (k >> 1)]!
        weights[k] = (k & 1) === 0 ? byte >> 4 : byte & 15
      }
      this.#pos += length
    } else {
      const stop = this.#pos + header
      if (stop > end) throw new Error('weights are cut off')
      const table = this.#readStates(stop, MAX_WEIGHT_BITS, 255)
      count = readWeights(bytes, this.#pos, stop, table, weights)
      this.#pos = stop
    }
    return codeTable(weights, count)
  }

  /** Reads the distribution of a table of states. */
  #readStates(end: number, maxBits: number, maxSymbol: number): StateTable {
    const bytes = this.#bytes
    const start = this.#pos
    if (start >= end) throw new Error('states are cut off')
    const bits = (bytes[start]! & 15) + 5
    if (bits > maxBits) throw new Error(`states of ${bits} bits`)
    const limit = 8 * (end - start)
    const shares: number[] = []
    let at = 4
    let left = 1 << bits
    while (left > 0) {
      if (at > limit || shares.length > maxSymbol) throw new Error('states are cut off')
      const width = 32 - Math.clz32(left + 1)
      const half = (1 << (width - 1)) - 1
      const small = (1 << width) - 1 - (left + 1)
      let value = peek(bytes, start, at) & ((1 << width) - 1)
      at += width
      if ((value & half) < small) {
        value &= half
        at -= 1
      } else if (value > half) value -= small
      const share = value - 1
      left -= share < 0 ? 1 : share
      shares.push(share)
      if (share !== 0) continue
      for (let more = 3; more === 3;) {
        if (at > limit || shares.length > maxSymbol) throw new Error('states are cut off')
        more = peek(bytes, start, at) & 3
        at += 2
        for (let k = 0; k < more; k += 1) shares.push(0)
      }
    }
    if (left < 0 || at > limit || shares.length > maxSymbol + 1) throw new Error('states do not add up')
    this.#pos = start + ((at + 7) >> 3)
    return stateTable(bits, shares)
  }

  /** The table of one part of the sequences, by its mode. */
  #table(
    mode: number,
    end: number,
    known: StateTable | null,
    standard: StateTable,
    bits: number,
    most: number,
  ): StateTable {
    switch (mode) {
      case 0:
        return standard
      case 1: {
        const symbol = this.#number(1)
        if (symbol > most) throw new Error(`code ${symbol}`)
        return { bits: 0, symbols: Uint8Array.of(symbol), widths: new Uint8Array(1), bases: new Uint16Array(1) }
      }
      case 2:
        return this.#readStates(end, bits, most)
      default:
        if (known === null) throw new Error('no states to repeat')
        return known
    }
  }

  #readSequences(end: number): void {
    if (this.#pos >= end) throw new Error('sequences are cut off')
    let count = this.#number(1)
    if (count === 255) count = 0x7f00 + this.#number(2)
    else if (count > 127) count = (count - 128) * 256 + this.#number(1)
    if (count === 0) {
      if (this.#pos !== end) throw new Error('bytes behind a block')
      this.#append(0)
      return
    }
    const modes = this.#number(1)
    if ((modes & 3) !== 0) throw new Error('reserved bits')
    const known = this.#tables
    known.literals = this.#table(modes >> 6, end, known.literals, DEFAULT_LITERALS, 9, 35)
    known.offsets = this.#table((modes >> 4) & 3, end, known.offsets, DEFAULT_OFFSETS, 8, 31)
    known.matches = this.#table((modes >> 2) & 3, end, known.matches, DEFAULT_MATCHES, 9, 52)
    if (this.#pos > end) throw new Error('sequences are cut off')
    this.#execute(count, end, known.literals, known.offsets, known.matches)
  }

  /** Copies literals and earlier content as the sequences say, then the literals that are left. */
  #execute(count: number, end: number, literals: StateTable, offsets: StateTable, matches: StateTable): void {
    const bytes = this.#bytes
    const start = this.#pos
    const recent = this.#recent
    let left = bitsOf(bytes, start, end)
    let literalState = bitsAt(bytes, start, (left -= literals.bits), literals.bits)
    let offsetState = bitsAt(bytes, start, (left -= offsets.bits), offsets.bits)
    let matchState = bitsAt(bytes, start, (left -= matches.bits), matches.bits)
    let taken = 0
    for (let i = 0; i < count; i += 1) {
      if (left < 0) throw new Error('sequences are cut off')
      const offsetCode = offsets.symbols[offsetState]!
      const matchCode = matches.symbols[matchState]!
      const literalCode = literals.symbols[literalState]!
      if (offsetCode > MAX_OFFSET_CODE) throw new Error(`offset code ${offsetCode}`)
      const width = MATCH_LENGTHS.extra[matchCode]!
      const literalWidth = LITERAL_LENGTHS.extra[literalCode]!
      const value = (1 << offsetCode) + wideBitsAt(bytes, start, (left -= offsetCode), offsetCode)
      const length = MATCH_LENGTHS.bases[matchCode]! + bitsAt(bytes, start, (left -= width), width)
      const run = LITERAL_LENGTHS.bases[literalCode]! + bitsAt(bytes, start, (left -= literalWidth), literalWidth)
      if (i + 1 < count) {
        literalState = nextState(literals, literalState, bytes, start, (left -= literals.widths[literalState]!))
        matchState = nextState(matches, matchState, bytes, start, (left -= matches.widths[matchState]!))
        offsetState = nextState(offsets, offsetState, bytes, start, (left -= offsets.widths[offsetState]!))
      }
      const offset = offsetOf(value, run, recent)
      if (run > this.#numLiterals - taken) throw new Error('more literals than there are')
      this.#reserve(run + length)
      const out = this.#out
      let at = this.#size
      for (let k = 0; k < run; k += 1) out[at + k] = this.#literals[taken + k]!
      taken += run
      at += run
      if (offset === 0 || offset > at) throw new Error(`offset ${offset} of ${at} bytes`)
      if (offset >= length && length > 32) out.copyWithin(at, at - offset, at - offset + length)
      else for (let k = 0; k < length; k += 1) out[at + k] = out[at - offset + k]!
      this.#size = at + length
    }
    if (left !== 0) throw new Error('bits behind the sequences')
    this.#append(taken)
  }

  /** Appends the literals from `from` on. */
  #append(from: number): void {
    const count = this.#numLiterals - from
    this.#reserve(count)
    this.#out.set(this.#literals.subarray(from, this.#numLiterals), this.#size)
    this.#size += count
  }
}

/** Resolves an offset value, of which the first three mean recent offsets, and notes it as the most recent. */
function offsetOf(value: number, run: number, recent: Uint32Array): number {
  if (value > 3) {
    recent[2] = recent[1]!
    recent[1] = recent[0]!
    recent[0] = value - 3
    return value - 3
  }
  const at = value - 1 + +(run === 0)
  if (at === 0) return recent[0]!
  const offset = at < 3 ? recent[at]! : recent[0]! - 1
  if (at > 1) recent[2] = recent[1]!
  recent[1] = recent[0]!
  recent[0] = offset
  return offset
}

/** Number of bits of a stream that is read from its end: up to the highest bit of its last byte. */
function bitsOf(bytes: Uint8Array, start: number, end: number): number {
  const last = end > start ? bytes[end - 1]! : 0
  if (last === 0) throw new Error('stream without an end')
  return 8 * (end - start) - 1 - Math.clz32(last) + 24
}

/** At least 25 bits from bit `at` on, counted from a byte; those before the byte are 0. */
function peek(bytes: Uint8Array, start: number, at: number): number {
  if (at < 0) return at < -31 ? 0 : peek(bytes, start, 0) << -at
  const byte = start + (at >> 3)
  return (bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24)) >>> (at & 7)
}

/** `width` bits, at most 25. */
function bitsAt(bytes: Uint8Array, start: number, at: number, width: number): number {
  return peek(bytes, start, at) & ((1 << width) - 1)
}

function wideBitsAt(bytes: Uint8Array, start: number, at: number, width: number): number {
  if (width <= 16) return bitsAt(bytes, start, at, width)
  return bitsAt(bytes, start, at, 16) | (bitsAt(bytes, start, at + 16, width - 16) << 16)
}

function nextState(table: StateTable, state: number, bytes: Uint8Array, start: number, at: number): number {
  return table.bases[state]! + bitsAt(bytes, start, at, table.widths[state]!)
}

/** Reads weights of two states in turn until the bits run out. */
function readWeights(bytes: Uint8Array, start: number, end: number, table: StateTable, weights: Uint8Array): number {
  let left = bitsOf(bytes, start, end)
  const states = [0, 0]
  for (let k = 0; k < 2; k += 1) states[k] = bitsAt(bytes, start, (left -= table.bits), table.bits)
  if (left < 0) throw new Error('weights are cut off')
  for (let count = 0, turn = 0; count < 254; turn ^= 1) {
    const state = states[turn]!
    weights[count] = table.symbols[state]!
    count += 1
    left -= table.widths[state]!
    if (left < 0) {
      weights[count] = table.symbols[states[turn ^ 1]!]!
      return count + 1
    }
    states[turn] = nextState(table, state, bytes, start, left)
  }
  throw new Error('too many weights')
}

/** Codes of weights: a symbol of weight w has 2^(w - 1) entries, and the last symbol's weight is what is missing. */
function codeTable(weights: Uint8Array, count: number): CodeTable {
  let sum = 0
  for (let k = 0; k < count; k += 1) {
    if (weights[k]! > MAX_CODE_BITS) throw new Error(`weight ${weights[k]}`)
    if (weights[k]! > 0) sum += 1 << (weights[k]! - 1)
  }
  if (sum === 0) throw new Error('no weights')
  const bits = 32 - Math.clz32(sum)
  const missing = (1 << bits) - sum
  if (bits > MAX_CODE_BITS || (missing & (missing - 1)) !== 0) throw new Error('weights do not add up')
  weights[count] = 32 - Math.clz32(missing)
  const symbols = new Uint8Array(1 << bits)
  const widths = new Uint8Array(1 << bits)
  let at = 0
  for (let weight = 1; weight <= bits; weight += 1) {
    for (let symbol = 0; symbol <= count; symbol += 1) {
      if (weights[symbol] !== weight) continue
      const to = at + (1 << (weight - 1))
      symbols.fill(symbol, at, to)
      widths.fill(bits + 1 - weight, at, to)
      at = to
    }
  }
  return { bits, symbols, widths }
}

/** Spreads symbols over states by their shares, which add up to 2^bits; -1 is a share of less than one. */
function stateTable(bits: number, shares: readonly number[]): StateTable {
  const size = 1 << bits
  const symbols = new Uint8Array(size)
  const widths = new Uint8Array(size)
  const bases = new Uint16Array(size)
  const next = new Uint16Array(shares.length)
  let end = size
  for (const [symbol, share] of shares.entries()) {
    next[symbol] = Math.abs(share)
    if (share === -1) symbols[(end -= 1)] = symbol
  }
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  for (const [symbol, share] of shares.entries()) {
    for (let k = 0; k < share; k += 1) {
      symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= end)
    }
  }
  for (let state = 0; state < size; state += 1) {
    const number = next[symbols[state]!]!
    next[symbols[state]!] = number + 1
    const width = bits - 31 + Math.clz32(number)
    widths[state] = width
    bases[state] = (number << width) - size
  }
  return { bits, symbols, widths, bases }
}
