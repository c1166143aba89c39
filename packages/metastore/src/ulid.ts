const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new ULID: 26 characters, 48 bits of milliseconds since the epoch and 80 random ones. */
export function newUlid(now: number = Date.now()): string {
  const random = crypto.getRandomValues(new Uint8Array(10))
  let value = BigInt(now)
  for (const byte of random) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (let k = 0; k < 26; k++) {
    text = ALPHABET[Number(value & 31n)]! + text
    value >>= 5n
  }
  return text
}

/** The ULID that is all zeros: the doc mapping uid of indexes from Quickwit 0.8 and before. */
export const NIL_ULID: string = '0'.repeat(26)
