import { IndexCorruptedError } from '../errors.ts'

const COMMON_INPUTS = new TextEncoder().encode('te/oasripcnw.hlm-du012g=:bf3y5&_4v9678k%?xCDASFIBEjPTzRNM+LOqHG')
/** Longest key that is believed; tantivy's keys end at 65535 bytes. */
const MAX_KEY = 1 << 17

/** A node of the automaton, decoded into reused fields. */
class Node {
  address = 0
  final = false
  finalOutput = 0
  count = 0
  // For `count` > 1 or the general form: offsets of the stored arrays, which are in reverse order.
  inputsAt = 0
  deltasAt = 0
  outputsAt = 0
  deltaSize = 0
  outputSize = 0
  start = 0
  indexAt = -1
  // For the two forms with one transition.
  single = false
  singleInput = 0
  singleTarget = 0
  singleOutput = 0
}

/**
 * A map from sorted byte strings to integers as the `fst` crate, version 2, writes it (section 4.1). Outputs must be
 * exact JavaScript numbers. Reading never follows a link forward, so it always ends.
 */
export class Fst {
  readonly numKeys: number
  readonly #bytes: Uint8Array
  readonly #file: string
  readonly #base: number
  readonly #root: number
  readonly #node: Node = new Node()

  constructor(bytes: Uint8Array, file: string, base: number) {
    this.#bytes = bytes
    this.#file = file
    this.#base = base
    if (bytes.length < 36) throw this.#corrupted(0, 'too short for an FST')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (view.getBigUint64(0, true) !== 2n) throw this.#corrupted(0, 'FST of an unknown version')
    this.numKeys = Number(view.getBigUint64(bytes.length - 16, true))
    this.#root = Number(view.getBigUint64(bytes.length - 8, true))
    if (this.#root !== 0 && (this.#root < 16 || this.#root >= bytes.length - 16)) {
      throw this.#corrupted(bytes.length - 8, `FST root at ${this.#root}`)
    }
  }

  /** Value of a key, -1 if it is not there. */
  get(key: Uint8Array): number {
    let node = this.#read(this.#root)
    let output = 0
    for (let i = 0; i < key.length; i += 1) {
      const transition = this.#find(node, key[i]!)
      if (transition < 0) return -1
      output += this.#output(node, transition)
      node = this.#read(this.#target(node, transition))
    }
    return node.final ? output + node.finalOutput : -1
  }

  /** Value of the first key that is not below `key`, -1 if there is none. */
  lowerBound(key: Uint8Array): number {
    const walk = this.entries(key)
    const first = walk.next()
    return first.done === true ? -1 : first.value.output
  }

  /** Keys in order, from the first that is not below `from`. The yielded `key` is valid until the next step. */
  *entries(from?: Uint8Array): Generator<{ key: Uint8Array; output: number }> {
    let key = new Uint8Array(64)
    const addresses: number[] = []
    const nexts: number[] = []
    const outputs: number[] = []
    let emitted = 0
    let node = this.#read(this.#root)
    let output = 0
    let bounded = true
    const bound = from ?? new Uint8Array(0)
    let depth = 0
    // Descend along the bound; remember where to continue on the way back.
    while (bounded && depth < bound.length) {
      const at = this.#firstNotBelow(node, bound[depth]!)
      addresses.push(node.address)
      outputs.push(output)
      if (at < node.count && this.#input(node, at) === bound[depth]) {
        nexts.push(at + 1)
        key = put(key, depth, bound[depth]!)
        output += this.#output(node, at)
        node = this.#read(this.#target(node, at))
        depth += 1
      } else {
        nexts.push(at)
        bounded = false
      }
    }
    const result = { key: key.subarray(0, 0), output: 0 }
    if (bounded) {
      if (node.final) {
        emitted += 1
        result.key = key.subarray(0, depth)
        result.output = output + node.finalOutput
        yield result
        node = this.#read(node.address)
      } else if (node.count === 0 && depth > 0) throw this.#corrupted(node.address, 'FST node without an end')
      addresses.push(node.address)
      outputs.push(output)
      nexts.push(0)
    }
    while (addresses.length > 0) {
      const top = addresses.length - 1
      node = this.#read(addresses[top]!)
      const next = nexts[top]!
      if (next >= node.count) {
        addresses.pop()
        nexts.pop()
        outputs.pop()
        continue
      }
      nexts[top] = next + 1
      key = put(key, top, this.#input(node, next))
      const reached = outputs[top]! + this.#output(node, next)
      node = this.#read(this.#target(node, next))
      if (top + 1 > MAX_KEY) throw this.#corrupted(node.address, 'FST key is too long')
      addresses.push(node.address)
      nexts.push(0)
      outputs.push(reached)
      if (node.final) {
        emitted += 1
        if (emitted > this.numKeys) throw this.#corrupted(0, `FST has more than its ${this.numKeys} keys`)
        result.key = key.subarray(0, top + 1)
        result.output = reached + node.finalOutput
        yield result
      } else if (node.count === 0) throw this.#corrupted(node.address, 'FST node without an end')
    }
  }

  #corrupted(offset: number, problem: string): IndexCorruptedError {
    return new IndexCorruptedError(this.#file, this.#base + offset, problem)
  }

  #byte(at: number): number {
    if (at < 16) throw this.#corrupted(at, 'FST node reaches into the header')
    return this.#bytes[at]!
  }

  #uint(at: number, size: number): number {
    let value = 0
    for (let i = size - 1; i >= 0; i -= 1) value = value * 256 + this.#bytes[at + i]!
    if (value > Number.MAX_SAFE_INTEGER) throw this.#corrupted(at, 'FST number is too large')
    return value
  }

  #read(address: number): Node {
    const node = this.#node
    node.address = address
    node.finalOutput = 0
    node.indexAt = -1
    if (address === 0) {
      node.final = true
      node.count = 0
      node.single = false
      return node
    }
    const state = this.#byte(address)
    const kind = state >> 6
    if (kind >= 2) {
      node.final = false
      node.count = 1
      node.single = true
      const common = state & 63
      let at = address
      if (common === 0) {
        at -= 1
        node.singleInput = this.#byte(at)
      } else node.singleInput = COMMON_INPUTS[common - 1]!
      if (kind === 3) {
        node.singleOutput = 0
        node.singleTarget = at - 1
      } else {
        at -= 1
        const sizes = this.#byte(at)
        at -= sizes >> 4
        const deltaAt = at
        at -= sizes & 15
        if (at < 16 || sizes >> 4 > 8 || (sizes & 15) > 8) throw this.#corrupted(address, 'FST node has bad sizes')
        const delta = this.#uint(deltaAt, sizes >> 4)
        node.singleOutput = this.#uint(at, sizes & 15)
        node.singleTarget = delta === 0 ? 0 : at - delta
      }
      this.#checkTarget(node.singleTarget, address)
      return node
    }
    node.single = false
    node.final = kind === 1
    let at = address
    node.count = state & 63
    if (node.count === 0) {
      at -= 1
      node.count = this.#byte(at)
      if (node.count === 1) node.count = 256
    }
    at -= 1
    const sizes = this.#byte(at)
    const deltaSize = sizes >> 4
    const outputSize = sizes & 15
    if (deltaSize > 8 || outputSize > 8 || (deltaSize === 0 && node.count > 0)) {
      throw this.#corrupted(address, 'FST node has bad sizes')
    }
    node.deltaSize = deltaSize
    node.outputSize = outputSize
    if (node.count > 32) {
      at -= 256
      node.indexAt = at
    }
    at -= node.count
    node.inputsAt = at
    at -= node.count * deltaSize
    node.deltasAt = at
    at -= node.count * outputSize
    node.outputsAt = at
    if (node.final && outputSize > 0) at -= outputSize
    if (at < 16) throw this.#corrupted(address, 'FST node reaches into the header')
    node.start = at
    if (node.final && outputSize > 0) node.finalOutput = this.#uint(at, outputSize)
    return node
  }

  #checkTarget(target: number, address: number): void {
    if (target !== 0 && (target < 16 || target >= address)) throw this.#corrupted(address, 'FST link is out of range')
  }

  #find(node: Node, input: number): number {
    if (node.single) return node.singleInput === input ? 0 : -1
    if (node.indexAt >= 0) {
      const at = this.#bytes[node.indexAt + input]!
      return at < node.count && this.#input(node, at) === input ? at : -1
    }
    const at = this.#firstNotBelow(node, input)
    return at < node.count && this.#input(node, at) === input ? at : -1
  }

  #firstNotBelow(node: Node, input: number): number {
    let at = 0
    while (at < node.count && this.#input(node, at) < input) at += 1
    return at
  }

  #input(node: Node, transition: number): number {
    return node.single ? node.singleInput : this.#bytes[node.inputsAt + node.count - 1 - transition]!
  }

  #output(node: Node, transition: number): number {
    if (node.single) return node.singleOutput
    const size = node.outputSize
    return size === 0 ? 0 : this.#uint(node.outputsAt + (node.count - 1 - transition) * size, size)
  }

  #target(node: Node, transition: number): number {
    if (node.single) return node.singleTarget
    const delta = this.#uint(node.deltasAt + (node.count - 1 - transition) * node.deltaSize, node.deltaSize)
    const target = delta === 0 ? 0 : node.start - delta
    this.#checkTarget(target, node.address)
    return target
  }
}

function put(key: Uint8Array<ArrayBuffer>, at: number, byte: number): Uint8Array<ArrayBuffer> {
  if (at >= key.length) {
    const grown = new Uint8Array(key.length * 2)
    grown.set(key)
    key = grown
  }
  key[at] = byte
  return key
}
