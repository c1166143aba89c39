import { seeded } from '@volley/kernels/testing'

/** Uniform integers below n. */
export type Dice = (n: number) => number

/** Dice that a seed determines. */
export function dice(seed: number): Dice {
  const next = seeded(seed)
  return (n) => Math.floor(next() * n)
}

/** One damage to a file: a bit, a byte, a run of bytes, a cut, bytes moved or inserted, or several bytes anywhere. */
export function damage(bytes: Uint8Array, next: Dice): Uint8Array {
  const out = bytes.slice()
  if (out.length === 0) return Uint8Array.of(next(256))
  // half of the damage goes where files keep their tables
  const at = next(2) === 0 ? next(out.length) : Math.max(0, out.length - 1 - next(Math.min(400, out.length)))
  switch (next(8)) {
    case 0:
      out[at]! ^= 1 << next(8)
      return out
    case 1:
      out[at] = next(256)
      return out
    case 2:
      out.fill(next(2) === 0 ? 255 : 0, at, at + 1 + next(8))
      return out
    case 3:
      return out.slice(0, at)
    case 4: {
      const from = next(out.length)
      out.copyWithin(at, from, from + 1 + next(16))
      return out
    }
    case 5: {
      const inserted = new Uint8Array(out.length + 1 + next(8))
      inserted.set(out.subarray(0, at))
      inserted.set(out.subarray(at), inserted.length - (out.length - at))
      return inserted
    }
    case 6:
      // off by one: what stays plausible
      out[at]! += next(2) === 0 ? 1 : 255
      return out
    default:
      for (let k = next(6); k >= 0; k -= 1) out[next(out.length)] = next(256)
      return out
  }
}
