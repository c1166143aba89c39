/**
 * Of 64-bit integers: the sum of their low halves, of their high halves, the least and the greatest, as four 64-bit numbers at
 * `out`. With `flip`, the sign bit, they are unsigned; `count` is above 0 and below 2^31.
 */
export function foldIntegers(values: usize, count: i32, flip: u64, out: usize): void {
  let low: u64 = 0
  let high: i64 = 0
  let least = i64.MAX_VALUE
  let most = i64.MIN_VALUE
  const end = values + (usize(count) << 3)
  // unsigned high halves come out 2^31 too small each
  const lift: i64 = flip == 0 ? 0 : i64(count) << 31
  for (let at = values; at < end; at += 8) {
    const value = load<i64>(at)
    const ordered = i64(u64(value) ^ flip)
    low += u64(value) & 0xffffffff
    high += ordered >> 32
    least = min(least, ordered)
    most = max(most, ordered)
  }
  store<u64>(out, low)
  store<i64>(out + 8, high + lift)
  store<u64>(out + 16, u64(least) ^ flip)
  store<u64>(out + 24, u64(most) ^ flip)
}

/**
 * Of floats: their sum, the least, the greatest, the least and the greatest that are not zero, and the number of zeros, as six
 * floats at `out`. NaN is neither least nor greatest; of none, bounds are infinite. The sum is of four sums, of every fourth.
 */
export function foldFloats(values: usize, count: i32, out: usize): void {
  const infinity = f64x2.splat(Infinity)
  const zero = f64x2.splat(0)
  let a = zero
  let b = zero
  let zeros = i64x2.splat(0)
  let least = infinity
  let most = f64x2.neg(infinity)
  let leastOther = infinity
  let mostOther = f64x2.neg(infinity)
  const whole = usize(count & ~3) << 3
  for (let at: usize = 0; at < whole; at += 32) {
    const first = v128.load(values + at)
    const second = v128.load(values + at + 16)
    a = f64x2.add(a, first)
    b = f64x2.add(b, second)
    const firstZero = f64x2.eq(first, zero)
    const secondZero = f64x2.eq(second, zero)
    zeros = i64x2.sub(zeros, i64x2.add(firstZero, secondZero))
    least = f64x2.pmin(f64x2.pmin(least, first), second)
    most = f64x2.pmax(f64x2.pmax(most, first), second)
    leastOther = f64x2.pmin(
      f64x2.pmin(leastOther, v128.bitselect(infinity, first, firstZero)),
      v128.bitselect(infinity, second, secondZero),
    )
    const low = f64x2.neg(infinity)
    mostOther = f64x2.pmax(
      f64x2.pmax(mostOther, v128.bitselect(low, first, firstZero)),
      v128.bitselect(low, second, secondZero),
    )
  }
  let sum = f64x2.extract_lane(a, 0)
  let numZeros = f64(i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1))
  let min = lower(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1))
  let max = higher(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1))
  let minOther = lower(f64x2.extract_lane(leastOther, 0), f64x2.extract_lane(leastOther, 1))
  let maxOther = higher(f64x2.extract_lane(mostOther, 0), f64x2.extract_lane(mostOther, 1))
  for (let at = whole; at < usize(count) << 3; at += 8) {
    const value = load<f64>(values + at)
    sum += value
    min = lower(min, value)
    max = higher(max, value)
    if (value == 0) numZeros += 1
    else {
      minOther = lower(minOther, value)
      maxOther = higher(maxOther, value)
    }
  }
  sum = sum + f64x2.extract_lane(a, 1) + (f64x2.extract_lane(b, 0) + f64x2.extract_lane(b, 1))
  store<f64>(out, sum)
  store<f64>(out + 8, min)
  store<f64>(out + 16, max)
  store<f64>(out + 24, minOther)
  store<f64>(out + 32, maxOther)
  store<f64>(out + 40, numZeros)
}

// @ts-ignore: decorator
@inline
function lower(known: f64, value: f64): f64 {
  return value < known ? value : known
}

// @ts-ignore: decorator
@inline
function higher(known: f64, value: f64): f64 {
  return value > known ? value : known
}
