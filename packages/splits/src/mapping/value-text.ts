/** Text of a 128-bit address; one that is mapped from IPv4 shows as IPv4, others as RFC 5952 writes them. */
export function ipToText(value: bigint): string {
  if (value >> 32n === 0xffffn) {
    const v4 = Number(value & 0xffff_ffffn)
    return `${v4 >>> 24}.${(v4 >>> 16) & 255}.${(v4 >>> 8) & 255}.${v4 & 255}`
  }
  const groups: number[] = []
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn))
  let start = -1
  let length = 1
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > length) [start, length] = [at, end - at]
  }
  const hex = groups.map((group) => group.toString(16))
  if (start < 0) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** Reads an IPv4 or IPv6 address into its 128-bit form, or null. */
export function ipFromText(text: string): bigint | null {
  const v4 = ipv4(text)
  if (v4 !== null) return (0xffffn << 32n) | BigInt(v4)
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  let address = text
  if (tail !== null) {
    const last = ipv4(tail[2]!)
    if (last === null) return null
    address = `${tail[1]}${(last >>> 16).toString(16)}:${(last & 0xffff).toString(16)}`
  }
  const halves = address.split('::')
  if (halves.length > 2) return null
  const parts = halves.map((half) => (half === '' ? [] : half.split(':')))
  const given = parts.reduce((sum, half) => sum + half.length, 0)
  if (halves.length === 1 ? given !== 8 : given > 7) return null
  const groups = halves.length === 1 ? parts[0]! : [...parts[0]!, ...Array<string>(8 - given).fill('0'), ...parts[1]!]
  let value = 0n
  for (const group of groups) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null
    value = (value << 16n) | BigInt(Number.parseInt(group, 16))
  }
  return value
}

function ipv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return null
  let value = 0
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return null
    value = value * 256 + Number(part)
  }
  return value
}

/** Bytes in a field's output format. */
export function bytesToText(bytes: Uint8Array, format: string): string {
  let text = ''
  if (format === 'hex') {
    for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
    return text
  }
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** Reads hex digits, or null. */
export function bytesFromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let k = 0; k < bytes.length; k++) bytes[k] = Number.parseInt(text.slice(2 * k, 2 * k + 2), 16)
  return bytes
}

/** Reads base64, padded or not, or null. */
export function bytesFromBase64(text: string): Uint8Array | null {
  const bare = text.replace(/=+$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) return null
  return Uint8Array.from(atob(bare), (char) => char.charCodeAt(0))
}
