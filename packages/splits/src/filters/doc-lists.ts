/** Documents in both ascending lists. */
export function intersection(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(Math.min(a.length, b.length))
  let count = 0
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const left = a[i]!
    const right = b[j]!
    out[count] = left
    count += +(left === right)
    i += +(left <= right)
    j += +(right <= left)
  }
  return out.subarray(0, count)
}

/** Documents in either of two ascending lists. */
export function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const out = new Uint32Array(a.length + b.length)
  let count = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const left = a[i]!
    const right = b[j]!
    out[count++] = left < right ? left : right
    i += +(left <= right)
    j += +(right <= left)
  }
  while (i < a.length) out[count++] = a[i++]!
  while (j < b.length) out[count++] = b[j++]!
  return out.subarray(0, count)
}

/** Documents `start` to `end` (exclusive) that are not in an ascending list of some of them. */
export function complement(docs: Uint32Array, start: number, end: number): Uint32Array {
  const out = new Uint32Array(end - start - docs.length)
  let count = 0
  let next = 0
  for (let doc = start; doc < end; doc++) {
    if (next < docs.length && docs[next] === doc) next++
    else out[count++] = doc
  }
  return out.subarray(0, count)
}

/** First position of an ascending list whose document is not below `doc`. */
export function lowerBound(docs: Uint32Array, doc: number): number {
  let low = 0
  let high = docs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (docs[middle]! < doc) low = middle + 1
    else high = middle
  }
  return low
}

/** Documents `start` to `end` (exclusive). */
export function allDocs(start: number, end: number): Uint32Array {
  const out = new Uint32Array(end - start)
  for (let i = 0; i < out.length; i++) out[i] = start + i
  return out
}

/** What is in the first of two ascending lists and not in the second. */
export function difference(docs: Uint32Array, without: Uint32Array): Uint32Array {
  const out = new Uint32Array(docs.length)
  let count = 0
  for (let i = 0, j = 0; i < docs.length; i++) {
    while (j < without.length && without[j]! < docs[i]!) j++
    out[count] = docs[i]!
    count += +(without[j] !== docs[i])
  }
  return out.subarray(0, count)
}

/** All documents of some spans, a start and an end each, ascending. */
export function docsOfSpans(spans: Uint32Array): Uint32Array {
  let count = 0
  for (let k = 0; k < spans.length; k += 2) count += spans[k + 1]! - spans[k]!
  const docs = new Uint32Array(count)
  let at = 0
  for (let k = 0; k < spans.length; k += 2) {
    for (let doc = spans[k]!; doc < spans[k + 1]!; doc++) docs[at++] = doc
  }
  return docs
}
