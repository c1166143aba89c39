import { BitWriter, bitWidth } from './bit-writer.ts'
import type { ByteWriter } from './byte-writer.ts'

/** Writes numbers, mapped to u64, bit-packed above their minimum (section 9.5, codec 0). */
export function writeNumbers(out: ByteWriter, values: BigUint64Array): void {
  out.u8(0)
  if (values.length === 0) {
    for (const stat of [0, 1, 0, 0]) out.vint(stat)
    return
  }
  let min = values[0]!
  let max = min
  for (let i = 1; i < values.length; i += 1) {
    const value = values[i]!
    if (value < min) min = value
    else if (value > max) max = value
  }
  const range = max - min
  const gcd = range <= 0x1fffffffffffffn ? BigInt(gcdOf(values, min)) : gcdOfBig(values, min)
  const amplitude = range / gcd
  out.vintBig(min)
  out.vintBig(gcd)
  out.vintBig(amplitude)
  out.vint(values.length)
  const width = bitWidth(amplitude)
  out.reserve(Math.ceil((values.length * width) / 8))
  if (width > 0) pack(new BitWriter(out), values, min, gcd, width)
}

/** Writes ordinals up to `max` the same way. */
export function writeOrdinals(out: ByteWriter, values: Uint32Array, max: number): void {
  out.u8(0)
  for (const stat of [0, 1, max, values.length]) out.vint(stat)
  const width = bitWidth(max)
  out.reserve(Math.ceil((values.length * width) / 8))
  if (width === 0) return
  if (width <= PACKED_AT_ONCE) {
    packNarrow(out, values, width)
    return
  }
  const bits = new BitWriter(out)
  for (let i = 0; i < values.length; i += 1) bits.write(values[i]!, 0, width)
  bits.flush()
}

/** Bits of a value that have room in a word beside those of a byte that is not full. */
const PACKED_AT_ONCE = 24

function packNarrow(out: ByteWriter, values: Uint32Array, width: number): void {
  const bytes = new Uint8Array(Math.ceil((values.length * width) / 8))
  let [at, pending, bits] = [0, 0, 0]
  for (let i = 0; i < values.length; i += 1) {
    pending |= values[i]! << bits
    bits += width
    while (bits >= 8) {
      bytes[at++] = pending
      pending >>>= 8
      bits -= 8
    }
  }
  if (bits > 0) bytes[at] = pending
  out.append(bytes)
}

function pack(bits: BitWriter, values: BigUint64Array, min: bigint, gcd: bigint, width: number): void {
  if (width <= 53) {
    const divisor = Number(gcd)
    for (let i = 0; i < values.length; i += 1) {
      const above = values[i]! - min
      // a large step may take the difference beyond the safe integers, though not the quotient
      bits.writeNumber(above <= 0x1fffffffffffffn ? Number(above) / divisor : Number(above / gcd), width)
    }
  } else {
    for (let i = 0; i < values.length; i += 1) {
      const raw = gcd === 1n ? values[i]! - min : (values[i]! - min) / gcd
      bits.write(Number(raw & 0xffffffffn), Number(raw >> 32n), width)
    }
  }
  bits.flush()
}

function gcdOf(values: BigUint64Array, min: bigint): number {
  let gcd = 0
  for (let i = 0; i < values.length && gcd !== 1; i += 1) {
    let rest = Number(values[i]! - min)
    while (rest !== 0) {
      const next = gcd % rest
      gcd = rest
      rest = next
    }
  }
  return gcd === 0 ? 1 : gcd
}

function gcdOfBig(values: BigUint64Array, min: bigint): bigint {
  let gcd = 0n
  for (let i = 0; i < values.length && gcd !== 1n; i += 1) {
    let rest = values[i]! - min
    while (rest !== 0n) {
      const next = gcd % rest
      gcd = rest
      rest = next
    }
  }
  return gcd === 0n ? 1n : gcd
}

/** Writes addresses of 128 bits as codes within ranges of consecutive addresses (section 9.6). */
export function writeAddresses(out: ByteWriter, values: readonly bigint[]): void {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const ranges: { start: bigint; end: bigint; code: number }[] = []
  let code = 1
  for (const value of sorted) {
    const last = ranges.at(-1)
    if (last !== undefined && value === last.end) continue
    if (last !== undefined && value === last.end + 1n) last.end = value
    else ranges.push({ start: value, end: value, code })
    code += 1
  }
  if (ranges.length === 0) {
    ranges.push({ start: 0n, end: 0n, code: 1 })
    code = 2
  }
  const codes = new Map<bigint, number>()
  const codeOf = (value: bigint): number => {
    const known = codes.get(value)
    if (known !== undefined) return known
    let low = 0
    let high = ranges.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (ranges[middle]!.start <= value) low = middle
      else high = middle
    }
    const found = ranges[low]!.code + Number(value - ranges[low]!.start)
    codes.set(value, found)
    return found
  }
  const width = bitWidth(code - 1)
  out.vint(values.length)
  out.u8(1)
  const bits = new BitWriter(out)
  for (const value of values) bits.writeNumber(codeOf(value), width)
  bits.flush()
  const start = out.length
  out.u64(0)
  out.vintBig(sorted[0] ?? 0n)
  out.vintBig(sorted.at(-1) ?? 0n)
  out.vint(values.length)
  out.u8(width)
  out.vint(ranges.length)
  let reached = 0n
  for (const range of ranges) {
    out.vintBig(range.start - reached)
    out.vintBig(range.end - range.start)
    reached = range.end
  }
  out.u32(out.length - start)
}
