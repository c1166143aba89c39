/**
 * Score of a key on a node: uniform in [0, 2^53), the same on every machine. The node with the highest score owns the key
 * (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998).
 */
export function rendezvousScore(key: string, node: string): number {
  const text = `${node}\u0000${key}`
  return (hash32(text, 0x9747b28c) >>> 11) * 4294967296 + hash32(text, 0x1b873593)
}

/** FNV-1a over UTF-16 units with a seed, finished as MurmurHash3 does. */
function hash32(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
