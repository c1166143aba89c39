import { registerMemory, type WasmKernels, wasmKernels } from './wasm-kernels.ts'

const PAGE = 65536
const FIRST_PAGES = 16
/** Address 0 stays unused, so that it can mean "none" in kernels. */
const BASE = 1024

/**
 * Linear memory that kernels work in when their data live elsewhere: input is copied in, output is read off views. Blocks
 * are taken from a stack: take a mark, allocate, release the mark. A view holds until the next allocation.
 */
export class Scratch {
  readonly kernels: WasmKernels
  readonly #memory: WebAssembly.Memory
  #top = BASE
  #bytes: Uint8Array<ArrayBuffer>
  #words: Uint32Array<ArrayBuffer>
  #floats: Float64Array<ArrayBuffer>

  constructor(memory: WebAssembly.Memory, kernels: WasmKernels) {
    this.#memory = memory
    this.kernels = kernels
    this.#bytes = new Uint8Array(memory.buffer as ArrayBuffer)
    this.#words = new Uint32Array(memory.buffer as ArrayBuffer)
    this.#floats = new Float64Array(memory.buffer as ArrayBuffer)
  }

  mark(): number {
    return this.#top
  }

  release(mark: number): void {
    this.#top = mark
  }

  /** Address of `byteLength` bytes, 16-byte aligned, contents undefined; 16 bytes behind them may be read. */
  alloc(byteLength: number): number {
    const address = (this.#top + 15) & -16
    const top = address + byteLength
    const missing = top + 16 - this.#bytes.length
    if (missing > 0) this.#grow(missing)
    this.#top = top
    return address
  }

  /** All of the memory by byte, by word, and by float. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  get words(): Uint32Array<ArrayBuffer> {
    return this.#words
  }

  get floats(): Float64Array<ArrayBuffer> {
    return this.#floats
  }

  /** Copies bytes in; returns their address. */
  put(source: Uint8Array): number {
    const address = this.alloc(source.length)
    this.#bytes.set(source, address)
    return address
  }

  putWords(source: Uint32Array): number {
    const address = this.alloc(source.length * 4)
    this.#words.set(source, address >>> 2)
    return address
  }

  #grow(byteLength: number): void {
    const pages = Math.max(Math.ceil(byteLength / PAGE), Math.ceil(this.#bytes.length / PAGE / 2))
    this.#memory.grow(pages)
    this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer)
    this.#words = new Uint32Array(this.#memory.buffer as ArrayBuffer)
    this.#floats = new Float64Array(this.#memory.buffer as ArrayBuffer)
  }
}

let scratch: Scratch | null | undefined
let allowed = true

/** The scratch of this thread; null where there is no WebAssembly. Made when it is first asked for. */
export function threadScratch(): Scratch | null {
  if (!allowed) return null
  if (scratch === undefined) scratch = makeScratch()
  return scratch
}

function makeScratch(): Scratch | null {
  if (typeof WebAssembly !== 'object') return null
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: 65535 })
  registerMemory(memory)
  const kernels = wasmKernels(memory.buffer)
  return kernels === null ? null : new Scratch(memory, kernels)
}

/** Lets kernels over scratch run in WebAssembly (as at the start), or in JavaScript only. */
export function allowWasm(allow: boolean): void {
  allowed = allow
}
