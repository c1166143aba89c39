import { WASM } from './generated/wasm.ts'

/** What the compiled module of assembly/ exports; addresses are byte offsets into the memory it was made for. */
export interface WasmKernels {
  filterI32: FilterKernel<number>
  filterU32: FilterKernel<number>
  filterI64: FilterKernel<bigint>
  filterU64: FilterKernel<bigint>
  filterF64: FilterKernel<number>
}

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
