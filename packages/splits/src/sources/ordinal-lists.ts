/** The distinct numbers of a list, ascending. */
export function distinctSorted(numbers: Uint32Array): Uint32Array {
  const sorted = numbers.slice().sort()
  let count = 0
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!
  return sorted.subarray(0, count)
}
