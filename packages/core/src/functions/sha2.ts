// SHA-2, FIPS 180-4. The constants are the fractional parts of roots of the first primes, computed exactly.

const MASK = (1n << 64n) - 1n

function primes(count: number): bigint[] {
  const found: bigint[] = []
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p !== 0n)) found.push(n)
  return found
}

/** Whole part of the k-th root. */
function root(value: bigint, k: bigint): bigint {
  let low = 0n
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / Number(k)) + 1)
  while (low < high) {
    const middle = (low + high + 1n) >> 1n
    if (middle ** k <= value) low = middle
    else high = middle - 1n
  }
  return low
}

/** The first 64 bits behind the point of the k-th root of a prime. */
function fraction(prime: bigint, k: bigint): bigint {
  return root(prime << (64n * k), k) & MASK
}

const PRIMES = primes(80)
let wideConstants: { readonly k: readonly bigint[]; readonly square: readonly bigint[] } | null = null

function constants(): { readonly k: readonly bigint[]; readonly square: readonly bigint[] } {
  wideConstants ??= {
    k: PRIMES.map((prime) => fraction(prime, 3n)),
    square: PRIMES.slice(0, 16).map((prime) => fraction(prime, 2n)),
  }
  return wideConstants
}

function padded(bytes: Uint8Array, block: number): Uint8Array {
  const lengthBytes = block / 8
  const total = Math.ceil((bytes.length + 1 + lengthBytes) / block) * block
  const out = new Uint8Array(total)
  out.set(bytes)
  out[bytes.length] = 0x80
  const view = new DataView(out.buffer)
  view.setBigUint64(total - 8, BigInt(bytes.length) * 8n)
  return out
}

function narrow(bytes: Uint8Array, initial: readonly number[], size: number): Uint8Array {
  const k = constants()
    .k.slice(0, 64)
    .map((value) => Number(value >> 32n))
  const state = Uint32Array.from(initial)
  const message = padded(bytes, 64)
  const view = new DataView(message.buffer)
  const w = new Uint32Array(64)
  const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))
  for (let at = 0; at < message.length; at += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getUint32(at + 4 * t)
    for (let t = 16; t < 64; t++) {
      const [a, b] = [w[t - 15]!, w[t - 2]!]
      const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)
      const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10)
      w[t] = w[t - 16]! + s0 + w[t - 7]! + s1
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let t = 0; t < 64; t++) {
      const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[t]! + w[t]!) | 0
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
    }
    ;[a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = state[i]! + value))
  }
  const out = new Uint8Array(32)
  const outView = new DataView(out.buffer)
  state.forEach((value, i) => outView.setUint32(4 * i, value))
  return out.slice(0, size)
}

function wide(bytes: Uint8Array, initial: readonly bigint[], size: number): Uint8Array {
  const { k } = constants()
  const state = [...initial]
  const message = padded(bytes, 128)
  const view = new DataView(message.buffer)
  const w: bigint[] = []
  const rotate = (x: bigint, n: bigint): bigint => ((x >> n) | (x << (64n - n))) & MASK
  for (let at = 0; at < message.length; at += 128) {
    for (let t = 0; t < 16; t++) w[t] = view.getBigUint64(at + 8 * t)
    for (let t = 16; t < 80; t++) {
      const [a, b] = [w[t - 15]!, w[t - 2]!]
      const s0 = rotate(a, 1n) ^ rotate(a, 8n) ^ (a >> 7n)
      const s1 = rotate(b, 19n) ^ rotate(b, 61n) ^ (b >> 6n)
      w[t] = (w[t - 16]! + s0 + w[t - 7]! + s1) & MASK
    }
    let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]
    for (let t = 0; t < 80; t++) {
      const t1 =
        (h + (rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n)) + ((e & f) ^ (~e & MASK & g)) + k[t]! + w[t]!) & MASK
      const t2 = ((rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c))) & MASK
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & MASK, c, b, a, (t1 + t2) & MASK]
    }
    ;[a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = (state[i]! + value) & MASK))
  }
  const out = new Uint8Array(64)
  const outView = new DataView(out.buffer)
  state.forEach((value, i) => outView.setBigUint64(8 * i, value))
  return out.slice(0, size)
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return narrow(
    bytes,
    constants()
      .square.slice(0, 8)
      .map((value) => Number(value >> 32n)),
    32,
  )
}

/** Starts from the second words of SHA-384's state. */
export function sha224(bytes: Uint8Array): Uint8Array {
  return narrow(
    bytes,
    constants()
      .square.slice(8)
      .map((value) => Number(value & 0xffffffffn)),
    28,
  )
}

export function sha384(bytes: Uint8Array): Uint8Array {
  return wide(bytes, constants().square.slice(8), 48)
}

export function sha512(bytes: Uint8Array): Uint8Array {
  return wide(bytes, constants().square.slice(0, 8), 64)
}
