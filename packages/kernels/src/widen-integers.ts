import { wasmKernels } from './wasm-kernels.ts'

/** Below this many values the call costs more than it saves. */
const WASM_FROM = 32

/**
 * Writes values[0..count) as integers of 32 bits. In WebAssembly where both views are of one arena, else in JavaScript, with
 * the same result.
 */
export function widenIntegers(values: Int16Array, count: number, out: Int32Array): void {
  if (count > values.length || count > out.length) throw new RangeError(`${count} integers: a column is shorter`)
  const wasm = values.buffer === out.buffer && count >= WASM_FROM ? wasmKernels(values.buffer) : null
  if (wasm === null) for (let i = 0; i < count; i += 1) out[i] = values[i]!
  else wasm.widenI16(values.byteOffset, count, out.byteOffset)
}
