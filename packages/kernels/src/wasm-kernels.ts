import { WASM } from './generated/wasm.ts'

/** What the compiled module of assembly/ exports; addresses are byte offsets into the memory it was made for. */
export interface WasmKernels {
  filterI32: FilterKernel<number>
  filterU32: FilterKernel<number>
  filterI64: FilterKernel<bigint>
  filterU64: FilterKernel<bigint>
  filterF64: FilterKernel<number>
  filterPairsI32: PairKernel
  filterPairsI128: PairKernel
  gatherValues(values: number, length: number, rows: number, count: number, shift: number, out: number): void
  gatherTexts(bytes: number, offsets: number, rows: number, count: number, to: number, out: number): void
  countCharacters(bytes: number, offsets: number, rows: number, count: number, out: number): void
  selectKeyBits(
    values: number,
    wide: number,
    rows: number,
    count: number,
    first: number,
    size: number,
    bits: number,
    out: number,
  ): number
  multiplyDecimals(
    a: number,
    aMask: number,
    b: number,
    bMask: number,
    rows: number,
    from: number,
    count: number,
    limit: bigint,
    out: number,
  ): number
  sumDecimals(
    words: number,
    mask: number,
    validity: number,
    rows: number,
    groups: number,
    from: number,
    count: number,
    groupCount: number,
    lanes: number,
    limbs: number,
    seen: number,
  ): number
  addDecimals(
    a: number,
    aMask: number,
    aFactor: bigint,
    aMost: bigint,
    b: number,
    bMask: number,
    bFactor: bigint,
    bMost: bigint,
    rows: number,
    from: number,
    count: number,
    limit: bigint,
    out: number,
  ): number
  widenI16(values: number, count: number, out: number): void
  unpackDocs(words: number, offsets: number, flags: number, blocks: number, previous: number, out: number): number
  unpackNumbers(words: number, offsets: number, widths: number, blocks: number, addend: number, out: number): void
  setBits(docs: number, count: number, bits: number): void
  keepBits(docs: number, count: number, bits: number, wanted: number, out: number): number
  countKept(docs: number, count: number, bits: number): number
  countBits(bits: number, words: number): number
  takeBits(bits: number, words: number, first: number, out: number): number
  phrasePair(
    docsA: number,
    freqsA: number,
    countA: number,
    positionsA: number,
    docsB: number,
    freqsB: number,
    countB: number,
    positionsB: number,
    distance: number,
    start: number,
    end: number,
    outDocs: number,
    outFreqs: number,
  ): number
  addScores(
    docs: number,
    freqs: number,
    count: number,
    norms: number,
    lengths: number,
    weight: number,
    start: number,
    end: number,
    scores: number,
  ): void
  countPacked(
    words: number,
    width: number,
    start: number,
    count: number,
    base: number,
    size: number,
    lanes: number,
  ): void
  addPlaces(
    values: number,
    kind: number,
    mask: number,
    validity: number,
    rows: number,
    count: number,
    least: bigint,
    size: number,
    stride: number,
    first: number,
    out: number,
  ): number
  numberPlaces(places: number, count: number, table: number, stored: number, state: number, out: number): void
  numbersOfCodes(
    codes: number,
    validity: number,
    rows: number,
    count: number,
    numbers: number,
    none: number,
    out: number,
  ): number
  boundColumn(
    values: number,
    kind: number,
    mask: number,
    validity: number,
    rows: number,
    count: number,
    out: number,
  ): number
  sumColumn(
    values: number,
    kind: number,
    mask: number,
    validity: number,
    rows: number,
    count: number,
    out: number,
  ): number
  writeKeys(
    values: number,
    kind: number,
    mask: number,
    rows: number,
    count: number,
    stride: number,
    width: number,
    out: number,
  ): void
  countGroups(
    validity: number,
    mask: number,
    rows: number,
    groups: number,
    count: number,
    groupCount: number,
    lanes: number,
    counts: number,
  ): void
  sumGroups(
    values: number,
    kind: number,
    mask: number,
    validity: number,
    rows: number,
    groups: number,
    count: number,
    groupCount: number,
    lanes: number,
    width: number,
    limbs: number,
    seen: number,
  ): void
  sumFloats(
    values: number,
    mask: number,
    validity: number,
    rows: number,
    groups: number,
    count: number,
    sums: number,
    errors: number,
    seen: number,
  ): void
  writeIntegers(values: number, count: number, out: number): void
  writeSums(limbs: number, width: number, count: number, out: number): void
  bestNumbers(
    values: number,
    kind: number,
    mask: number,
    validity: number,
    rows: number,
    groups: number,
    count: number,
    sign: number,
    best: number,
    seen: number,
  ): void
  bestIntegers(
    values: number,
    mask: number,
    validity: number,
    rows: number,
    groups: number,
    count: number,
    sign: number,
    flip: bigint,
    best: number,
    seen: number,
  ): void
  groupKeys(
    keys: number,
    parts: number,
    first: number,
    count: number,
    slots: number,
    bits: number,
    stored: number,
    limit: number,
    state: number,
    out: number,
  ): number
  enterKeys(
    stored: number,
    parts: number,
    first: number,
    end: number,
    slots: number,
    bits: number,
    hashed: number,
  ): void
  groupTexts(
    offsets: number,
    bytes: number,
    rows: number,
    first: number,
    count: number,
    slots: number,
    bits: number,
    ends: number,
    hashes: number,
    heap: number,
    heapBytes: number,
    limit: number,
    hashed: number,
    state: number,
    out: number,
  ): number
  uncompressSnappy(source: number, sourceEnd: number, out: number, length: number): number
  unpackBits(source: number, width: number, first: number, count: number, out: number): number
  gatherEntries(dictionary: number, width: number, codes: number, count: number, out: number): void
  selectCodes(codes: number, rows: number, count: number, kept: number, out: number): number
  measureTexts(source: number, end: number, count: number, offsets: number): number
  takeTexts(source: number, offsets: number, rows: number, count: number, to: number, out: number): void
  copyTexts(source: number, gap: number, offsets: number, count: number, out: number): void
  enterTexts(hashes: number, first: number, end: number, slots: number, bits: number, state: number): void
  foldFloats(values: number, count: number, out: number): void
  foldIntegers(values: number, count: number, flip: bigint, out: number): void
  selectContaining(
    bytes: number,
    offsets: number,
    rows: number,
    count: number,
    needle: number,
    length: number,
    flip: number,
    out: number,
  ): number
  takeScores(
    scores: number,
    count: number,
    threshold: number,
    first: number,
    outDocs: number,
    outScores: number,
  ): number
  boundPacked(words: number, width: number, base: number, starts: number, count: number, out: number): void
  sumPacked(words: number, width: number, start: number, count: number, out: number): void
  unpackValues(
    words: number,
    width: number,
    start: number,
    count: number,
    gcd: bigint,
    min: bigint,
    mapping: number,
    out: number,
  ): void
  unpackPresent(
    words: number,
    width: number,
    start: number,
    bits: number,
    first: number,
    count: number,
    gcd: bigint,
    min: bigint,
    mapping: number,
    out: number,
  ): void
  unpackLine(
    words: number,
    width: number,
    start: number,
    count: number,
    firstX: bigint,
    slope: bigint,
    intercept: bigint,
    gcd: bigint,
    min: bigint,
    mapping: number,
    out: number,
  ): void
  matchLine(
    words: number,
    width: number,
    start: number,
    count: number,
    firstX: bigint,
    slope: bigint,
    intercept: bigint,
    gcd: bigint,
    min: bigint,
    from: bigint,
    to: bigint,
    first: number,
    out: number,
  ): number
  matchValues(
    words: number,
    width: number,
    start: number,
    count: number,
    from: bigint,
    to: bigint,
    first: number,
    out: number,
  ): number
  matchRows(
    words: number,
    width: number,
    base: number,
    rows: number,
    names: number,
    count: number,
    from: bigint,
    to: bigint,
    out: number,
  ): number
  unpackListed(
    words: number,
    width: number,
    base: number,
    rows: number,
    count: number,
    gcd: bigint,
    min: bigint,
    mapping: number,
    out: number,
  ): void
  matchFlagged(
    words: number,
    width: number,
    start: number,
    count: number,
    min: bigint,
    flags: number,
    size: number,
    first: number,
    out: number,
  ): number
  matchFlaggedRows(
    words: number,
    width: number,
    base: number,
    rows: number,
    names: number,
    count: number,
    min: bigint,
    flags: number,
    size: number,
    out: number,
  ): number
}

type PairKernel = (
  a: number,
  aMask: number,
  b: number,
  bMask: number,
  equal: number,
  flip: number,
  selection: number,
  count: number,
  out: number,
) => number

type FilterKernel<T> = (
  values: number,
  op: number,
  invert: number,
  constant: T,
  selection: number,
  count: number,
  out: number,
) => number

const memories = new WeakMap<ArrayBufferLike, WebAssembly.Memory>()
const instances = new WeakMap<ArrayBufferLike, WasmKernels | null>()
const modules: { unshared?: WebAssembly.Module | null; shared?: WebAssembly.Module | null } = {}

/** Makes a memory known, so that kernels run on views of it. */
export function registerMemory(memory: WebAssembly.Memory): void {
  memories.set(memory.buffer, memory)
}

/** The kernels over the memory that a buffer belongs to; null for ordinary memory and where WebAssembly SIMD is missing. */
export function wasmKernels(buffer: ArrayBufferLike): WasmKernels | null {
  const known = instances.get(buffer)
  if (known !== undefined) return known
  const memory = memories.get(buffer)
  if (memory === undefined) return null
  const kernels = instantiate(memory)
  instances.set(buffer, kernels)
  return kernels
}

function instantiate(memory: WebAssembly.Memory): WasmKernels | null {
  const kind =
    typeof SharedArrayBuffer === 'function' && memory.buffer instanceof SharedArrayBuffer ? 'shared' : 'unshared'
  if (modules[kind] === undefined) modules[kind] = compile(WASM[kind])
  const module = modules[kind]
  if (module === null) return null
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmKernels
}

function compile(base64: string): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    // no SIMD, or a host that forbids compiling: the JavaScript twins serve
    return null
  }
}
