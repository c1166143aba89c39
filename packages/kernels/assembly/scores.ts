// Sums of BM25 scores over a window of documents, in f32: weight * (freq / (freq + lengths[norm])).

/**
 * Adds the scores of the documents of [start, end) to scores[document - start]. `norms` has a code a document of the window,
 * or is 0: then all have code 1. `freqs` is 0 where every frequency is 1.
 */
export function addScores(
  docs: usize, freqs: usize, count: i32, norms: usize, lengths: usize, weight: f32, start: u32, end: u32, scores: usize,
): void {
  const size = end - start
  const plain = load<f32>(lengths, 4)
  for (let i: usize = 0; i < usize(count) << 2; i += 4) {
    const at = load<u32>(docs + i) - start
    if (at >= size) continue
    const freq: f32 = freqs == 0 ? 1 : f32(load<u32>(freqs + i))
    const length = norms == 0 ? plain : load<f32>(lengths + (usize(load<u8>(norms + usize(at))) << 2))
    const to = scores + (usize(at) << 2)
    store<f32>(to, load<f32>(to) + weight * (freq / (freq + length)))
  }
}

/**
 * Writes first + i and scores[i], for scores above `threshold`, and clears all scores; answers how many. `count` is a
 * multiple of 4.
 */
export function takeScores(
  scores: usize, count: i32, threshold: f32, first: u32, outDocs: usize, outScores: usize,
): i32 {
  const least = f32x4.splat(threshold)
  const zero = i32x4.splat(0)
  let found: usize = 0
  for (let i = 0; i < count; i += 4) {
    const at = scores + (usize(i) << 2)
    const row = v128.load(at)
    v128.store(at, zero)
    let above = i32x4.bitmask(f32x4.gt(row, least))
    if (above == 0) continue
    v128.store(outScores + found, row)
    const kept = outScores + found
    // the row is read back lane by lane: the place it lies in is written from its front
    for (let lane = 0; lane < 4; lane++) {
      if ((above & (1 << lane)) == 0) continue
      store<f32>(outScores + found, load<f32>(kept + (usize(lane) << 2)))
      store<u32>(outDocs + found, first + i + lane)
      found += 4
    }
  }
  return i32(found >> 2)
}
