import { Caches } from './caches.ts'
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
/** The largest block that is kept in a list of its class; larger ones are cut from free runs and joined to them again. */
const MAX_SMALL = 65536
/** Small blocks are cut from slabs of this size, so that they do not lie scattered between large ones. */
const SLAB = 1024 * 1024
/** In a header, beside a size in units of 16 bytes: a large block. */
const LARGE = 0x80000000
const MAX_RESERVE = 65535 * PAGE
const DEFAULT_RESERVE = 1024 * 1024 * 1024
/** Address 0 stays unused, so that 0 can mean "none" in kernels. */
const BASE = 1024
const POISON_BYTE = 0xdb
const LIVE = 0x4c495645
const FREED = 0x46524545

const arenas = new WeakMap<ArrayBufferLike, Arena>()

/** The arena that a buffer is the memory of; null for ordinary memory. */
export function arenaOf(buffer: ArrayBufferLike): Arena | null {
  return arenas.get(buffer) ?? null
}

/**
 * Linear memory that columns, hash tables and kernel scratch live in.
 *
 * The whole reserve is mapped at construction, so the memory never grows and views stay valid for the arena's life,
 * shared or not. Blocks are 16-byte aligned. Small ones are rounded up to four classes per power of two, cut from slabs and
 * recycled through one free list per class. Large ones are cut from the first run of free memory that has room, lowest
 * address first, and joined to the free memory beside them when they are freed (Knuth, volume 1, 2.5): tables that grow
 * by doubling leave holes that others can use.
 */
export class Arena {
  readonly memory: WebAssembly.Memory
  readonly buffer: ArrayBuffer
  readonly reserveBytes: number
  readonly poison: boolean
  /** What stays in memory while it is not needed otherwise: in the arena, and beside it. */
  readonly caches: Caches = new Caches()
  /** Frees what can be done without, when there is no room for a block; whether it freed something. */
  reclaim: (() => boolean) | null = null
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array
  readonly #free: number[][] = []
  /** Free runs below `#top` by ascending address, none beside another. */
  readonly #runStarts: number[] = []
  readonly #runEnds: number[] = []
  #slabTop = 0
  #slabEnd = 0
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
    arenas.set(this.buffer, this)
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
    const address = byteLength <= MAX_SMALL ? this.#allocSmall(byteLength) : this.#allocLarge(byteLength)
    this.#words[(address - HEADER + 4) >>> 2] = LIVE
    this.#liveBytes += this.bytesOf(address)
    this.#liveBlocks++
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes
    return address
  }

  #allocSmall(byteLength: number): number {
    const sizeClass = sizeClassOf(byteLength)
    const list = this.#free[sizeClass]
    if (list !== undefined && list.length > 0) return list.pop()!
    const need = sizeOfClass(sizeClass) + HEADER
    if (this.#slabTop + need > this.#slabEnd && !this.#nextSlab()) {
      return this.#withHeader(this.#takeRun(need), sizeClass)
    }
    const start = this.#slabTop
    this.#slabTop += need
    return this.#withHeader(start, sizeClass)
  }

  #allocLarge(byteLength: number): number {
    const size = (byteLength + 15) & ~15
    return this.#withHeader(this.#takeRun(size + HEADER), (LARGE | (size >>> 4)) >>> 0)
  }

  #withHeader(start: number, word: number): number {
    this.#words[start >>> 2] = word
    return start + HEADER
  }

  /** Bytes of a block that was handed out. */
  bytesOf(address: number): number {
    const word = this.#words[(address - HEADER) >>> 2]!
    return word >= LARGE ? (word - LARGE) * 16 : sizeOfClass(word)
  }

  /** Goes on to a new slab, if there is room for one. */
  #nextSlab(): boolean {
    const start = this.#findRun(SLAB)
    if (start === -1) return false
    if (this.#slabTop < this.#slabEnd) this.#giveRun(this.#slabTop, this.#slabEnd)
    this.#slabTop = start
    this.#slabEnd = start + SLAB
    return true
  }

  #takeRun(length: number): number {
    let start = this.#findRun(length)
    while (start === -1 && this.reclaim?.() === true) start = this.#findRun(length)
    if (start === -1) throw new ArenaExhaustedError(length - HEADER, this.reserveBytes)
    return start
  }

  /** Takes the lowest free run that is long enough; -1 when there is none. */
  #findRun(length: number): number {
    const starts = this.#runStarts
    const ends = this.#runEnds
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]!
      if (ends[i]! - start < length) continue
      if (ends[i]! - start === length) {
        starts.splice(i, 1)
        ends.splice(i, 1)
      } else {
        starts[i] = start + length
      }
      return start
    }
    const start = this.#top
    if (start + length > this.reserveBytes) return -1
    this.#top = start + length
    return start
  }

  /** Gives a run back, and joins it to free ones beside it. */
  #giveRun(start: number, end: number): void {
    const starts = this.#runStarts
    const ends = this.#runEnds
    let at = starts.length
    while (at > 0 && starts[at - 1]! > start) at--
    const before = at > 0 && ends[at - 1] === start
    const after = at < starts.length && starts[at] === end
    if (before && after) {
      ends[at - 1] = ends[at]!
      starts.splice(at, 1)
      ends.splice(at, 1)
    } else if (before) ends[at - 1] = end
    else if (after) starts[at] = start
    else {
      starts.splice(at, 0, start)
      ends.splice(at, 0, end)
    }
    if (ends.at(-1) !== this.#top) return
    this.#top = starts.pop()!
    ends.pop()
  }

  /** Gives a block back. Freeing an address twice, or one that was never allocated, throws. */
  free(address: number): void {
    const header = (address - HEADER) >>> 2
    if (this.#words[header + 1] !== LIVE) throw new Error(`arena: free of ${address}, which is not a live block`)
    const word = this.#words[header]!
    const size = this.bytesOf(address)
    this.#words[header + 1] = FREED
    if (this.poison) this.#bytes.fill(POISON_BYTE, address, address + size)
    if (word >= LARGE) this.#giveRun(address - HEADER, address + size)
    else (this.#free[word] ??= []).push(address)
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
