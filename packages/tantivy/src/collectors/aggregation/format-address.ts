/** An address of 128 bits as text: IPv4 where it is a mapped one, else as RFC 5952 says. */
export function formatAddress(address: bigint): string {
  if (address >> 32n === 0xffffn) {
    return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.')
  }
  return formatIpv6(address)
}

/** An IPv6 address, a mapped one with its IPv4 part in dots. */
export function formatIpv6(address: bigint): string {
  if (address >> 32n === 0xffffn) return `::ffff:${formatAddress(address)}`
  const groups = Array.from({ length: 8 }, (_, k) => (address >> BigInt(16 * (7 - k))) & 0xffffn)
  let best = { from: -1, length: 1 }
  for (let from = 0; from < 8; from += 1) {
    let length = 0
    while (from + length < 8 && groups[from + length] === 0n) length += 1
    if (length > best.length) best = { from, length }
  }
  const text = (part: readonly bigint[]): string => part.map((group) => group.toString(16)).join(':')
  if (best.from < 0) return text(groups)
  return `${text(groups.slice(0, best.from))}::${text(groups.slice(best.from + best.length))}`
}
