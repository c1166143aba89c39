import { ByteWriter } from './byte-writer.ts'

/** Transitions of a node that may still get more: the last one leads to the next node of the path. */
interface OpenNode {
  final: boolean
  finalOutput: number
  readonly inputs: number[]
  readonly outputs: number[]
  readonly targets: number[]
}

function openNode(): OpenNode {
  return { final: false, finalOutput: 0, inputs: [], outputs: [], targets: [] }
}

/**
 * Writes a map from keys to ascending numbers as a finite state transducer (section 4.1), without sharing suffixes. Keys
 * come in ascending order.
 */
export class FstWriter {
  readonly #out: ByteWriter = new ByteWriter()
  readonly #path: OpenNode[] = [openNode()]
  #last: Uint8Array = new Uint8Array(0)
  #count = 0

  constructor() {
    this.#out.u64(2)
    this.#out.u64(0)
  }

  /** `value` is not below the values before it, so an output that a prefix has stays where it is. */
  insert(key: Uint8Array, value: number): void {
    let shared = 0
    let rest = value
    while (shared < key.length && shared < this.#last.length && key[shared] === this.#last[shared]) {
      rest -= this.#path[shared]!.outputs.at(-1)!
      shared += 1
    }
    this.#freeze(shared)
    for (let i = shared; i < key.length; i += 1) {
      const node = this.#path[i]!
      node.inputs.push(key[i]!)
      node.outputs.push(i === shared ? rest : 0)
      node.targets.push(0)
      this.#path.push(openNode())
    }
    const end = this.#path[key.length]!
    end.final = true
    if (shared === key.length) end.finalOutput = rest
    this.#last = key.slice()
    this.#count += 1
  }

  finish(): Uint8Array {
    this.#freeze(0)
    const root = this.#write(this.#path[0]!)
    this.#out.u64(this.#count)
    this.#out.u64(root)
    return this.#out.finish()
  }

  /** Writes the nodes of the path below `depth`, deepest first. */
  #freeze(depth: number): void {
    while (this.#path.length - 1 > depth) {
      const address = this.#write(this.#path.pop()!)
      this.#path.at(-1)!.targets[this.#path.at(-1)!.targets.length - 1] = address
    }
  }

  #write(node: OpenNode): number {
    const { inputs, outputs, targets, finalOutput } = node
    const count = inputs.length
    if (node.final && count === 0 && finalOutput === 0) return 0
    const out = this.#out
    const start = out.length
    const maxOutput = outputs.reduce((a, b) => Math.max(a, b), finalOutput)
    const outputSize = maxOutput === 0 ? 0 : byteSize(maxOutput)
    let maxDelta = 0
    for (const target of targets) if (target !== 0) maxDelta = Math.max(maxDelta, start - target)
    const deltaSize = count === 0 ? 0 : byteSize(maxDelta)
    if (node.final) writeSized(out, finalOutput, outputSize)
    for (let i = count - 1; i >= 0; i -= 1) writeSized(out, outputs[i]!, outputSize)
    for (let i = count - 1; i >= 0; i -= 1) writeSized(out, targets[i] === 0 ? 0 : start - targets[i]!, deltaSize)
    for (let i = count - 1; i >= 0; i -= 1) out.u8(inputs[i]!)
    if (count > 32) {
      const index = new Uint8Array(256).fill(255)
      inputs.forEach((input, i) => (index[input] = i))
      out.append(index)
    }
    out.u8((deltaSize << 4) | outputSize)
    const fewTransitions = count >= 1 && count <= 63
    if (!fewTransitions) out.u8(count === 256 ? 1 : count)
    out.u8((node.final ? 64 : 0) | (fewTransitions ? count : 0))
    return out.length - 1
  }
}

function byteSize(value: number): number {
  let size = 1
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) size += 1
  return size
}

function writeSized(out: ByteWriter, value: number, size: number): void {
  for (let i = 0; i < size; i += 1) {
    out.u8(value % 256)
    value = Math.floor(value / 256)
  }
}
