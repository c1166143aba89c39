/** Where run number `i` of `count` even runs of a range begins; run number `count` begins behind the range. */
export function runStart([start, end]: readonly [start: number, end: number], i: number, count: number): number {
  // A quotient times its divisor may be below what was divided.
  return i === count ? end : start + Math.floor(((end - start) / count) * i)
}
