/**
 * A 104-bit hash of strings as 20 lower-case base-32 digits, for layout ids: two runs of cyrb53 (public domain, bryc)
 * with different seeds over the length-prefixed parts.
 */
export function layoutHash(parts: readonly string[]): string {
  const text = parts.map((part) => `${part.length}:${part}`).join('')
  const digits = (value: number) => value.toString(32).padStart(10, '0').slice(-10)
  return digits(cyrb53(text, 0x9e3779b9)) + digits(cyrb53(text, 0x51ed270b))
}

function cyrb53(text: string, seed: number): number {
  let h1 = 0xdeadbeef ^ seed
  let h2 = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    h1 = Math.imul(h1 ^ unit, 2654435761)
    h2 = Math.imul(h2 ^ unit, 1597334677)
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909)
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909)
  return 4294967296 * (2097151 & h2) + (h1 >>> 0)
}
