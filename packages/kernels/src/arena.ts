import { registerMemory, wasmKernels } from './wasm-kernels.ts'

/** Thrown when an arena cannot hold one more allocation under its limit. */
export class ArenaExhaustedError extends Error {
  readonly requestedBytes: number
  readonly limitBytes: number

  constructor(requestedBytes: number, limitBytes: number) {
    super(`arena exhausted: ${requestedBytes} bytes more do not fit under the limit of ${limitBytes} bytes`)
    this.name = 'ArenaExhaustedError'
    this.requestedBytes = requestedBytes
    this.limitBytes = limitBytes
  }
}

export interface ArenaOptions {
  /** Address space to reserve, in bytes; at most 4 GiB - 64 KiB. Pages that are never touched cost nothing. Default 1 GiB. */
  readonly reserveBytes?: number
  /** A SharedArrayBuffer, so that worker threads can map the same columns. Default false. */
  readonly shared?: boolean
  /** Overwrite freed memory, so that a use after free shows in tests. Default false. */
  readonly poison?: boolean
}

const PAGE = 65536
const HEADER = 16
const MAX_RESERVE = 65535 * PAGE
const DEFAULT_RESERVE = 1024 * 1024 * 1024
/** Address 0 stays unused, so that 0 can mean "none" in kernels. */
const BASE = 1024
const POISON_BYTE = 0xdb
const LIVE = 0x4c495645
const FREED = 0x46524545

/**
 * Linear memory that columns, hash tables and kernel scratch live in.
 *
 * The whole reserve is mapped at construction, so the memory never grows and views stay valid for the arena's life,
 * shared or not. Blocks are 16-byte aligned; sizes are rounded up to four classes per power of two and recycled through
 * one free list per class.
 */
export class Arena {
  readonly memory: WebAssembly.Memory
  readonly buffer: ArrayBuffer
  readonly reserveBytes: number
  readonly poison: boolean
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array
  readonly #free: number[][] = []
  #top = BASE
  #liveBytes = 0
  #peakBytes = 0
  #liveBlocks = 0

  constructor(options: ArenaOptions = {}) {
    const pages = Math.ceil(Math.min(options.reserveBytes ?? DEFAULT_RESERVE, MAX_RESERVE) / PAGE)
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: options.shared ?? false })
    // A SharedArrayBuffer has the same reading interface; the type narrows it for typed-array signatures.
    this.buffer = this.memory.buffer as ArrayBuffer
    registerMemory(this.memory)
    this.reserveBytes = pages * PAGE
    this.poison = options.poison ?? false
    this.#words = new Uint32Array(this.buffer)
    this.#bytes = new Uint8Array(this.buffer)
  }

  /** Bytes handed out and not yet freed, rounded to size classes. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  /** Whether kernels run in WebAssembly over this arena; in JavaScript otherwise. */
  get hasWasmKernels(): boolean {
    return wasmKernels(this.buffer) !== null
  }

  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Blocks handed out and not yet freed. */
  get liveBlocks(): number {
    return this.#liveBlocks
  }

  /**
   * Returns the address of a block of at least `byteLength` bytes, 16-byte aligned, contents undefined.
   *
   * @throws ArenaExhaustedError when the reserve is full.
   */
  alloc(byteLength: number): number {
    const sizeClass = sizeClassOf(byteLength)
    const size = sizeOfClass(sizeClass)
    const list = this.#free[sizeClass]
    let address: number
    if (list !== undefined && list.length > 0) {
      address = list.pop()!
    } else {
      address = this.#top + HEADER
      const top = address + size
      if (top > this.reserveBytes) throw new ArenaExhaustedError(size, this.reserveBytes)
      this.#top = top
      this.#words[(address - HEADER) >>> 2] = sizeClass
    }
    this.#words[(address - HEADER + 4) >>> 2] = LIVE
    this.#liveBytes += size
    this.#liveBlocks++
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes
    return address
  }

  /** Gives a block back. Freeing an address twice, or one that was never allocated, throws. */
  free(address: number): void {
    const header = (address - HEADER) >>> 2
    if (this.#words[header + 1] !== LIVE) throw new Error(`arena: free of ${address}, which is not a live block`)
    const sizeClass = this.#words[header]!
    const size = sizeOfClass(sizeClass)
    this.#words[header + 1] = FREED
    if (this.poison) this.#bytes.fill(POISON_BYTE, address, address + size)
    ;(this.#free[sizeClass] ??= []).push(address)
    this.#liveBytes -= size
    this.#liveBlocks--
  }
}

// Classes: 0 is 16 bytes; then four per power of two: 2^k * (1, 1.25, 1.5, 1.75) from 16 up, each a multiple of 16.
function sizeClassOf(byteLength: number): number {
  const n = Math.max(64, byteLength)
  const exponent = 31 - Math.clz32(n - 1)
  // n lies in (2^exponent, 2^(exponent+1)]
  const quarter = 2 ** (exponent - 2)
  const step = Math.ceil((n - 2 ** exponent) / quarter)
  return (exponent - 5) * 4 + step - 1
}

function sizeOfClass(sizeClass: number): number {
  const exponent = (sizeClass >>> 2) + 5
  return 2 ** exponent + ((sizeClass & 3) + 1) * 2 ** (exponent - 2)
}
