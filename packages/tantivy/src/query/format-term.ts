/** A term as text where it is readable, else as hex. */
export function formatTerm(field: number, term: Uint8Array): string {
  const printable = term.every((byte) => byte >= 32 && byte !== 127)
  const text = printable ? new TextDecoder().decode(term) : `0x${hexOf(term)}`
  return `${field}:${printable ? JSON.stringify(text) : text}`
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A key that tells terms of fields apart. */
export function termKey(field: number, term: Uint8Array): string {
  return `${field}:${hexOf(term)}`
}
