/** Hashes of names, two words each: the first of name `i` at `2 * i`. Computed once a name, so that a score needs no text. */
export function nameHashes(names: readonly string[]): Int32Array {
  const words = new Int32Array(2 * names.length)
  for (const [i, name] of names.entries()) {
    words[2 * i] = hash32(name, 0x9747b28c)
    words[2 * i + 1] = hash32(name, 0x1b873593)
  }
  return words
}

/**
 * Score of a key on a node from the two words of each: uniform in [0, 2^32), the same on every machine. The node with the
 * highest score owns the key (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998).
 */
export function rendezvousScore(key0: number, key1: number, node0: number, node1: number): number {
  const hash = mixed(Math.imul(key0 ^ node0, 0x9e3779b1) ^ key1)
  return mixed(hash + node1) >>> 0
}

/** FNV-1a over UTF-16 units with a seed, finished as MurmurHash3 does. */
function hash32(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  return mixed(hash)
}

function mixed(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
