const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** Up to so many bytes, adding characters one by one is faster than a call of TextDecoder. */
const SHORT = 32

/** The text of a UTF-8 run; bytes that are not UTF-8 become U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    let text = ''
    let i = start
    while (i < end && bytes[i]! < 0x80) text += String.fromCharCode(bytes[i++]!)
    if (i === end) return text
  }
  // TextDecoder does not take shared memory.
  const run = bytes.buffer instanceof ArrayBuffer ? bytes.subarray(start, end) : bytes.slice(start, end)
  return decoder.decode(run)
}

/** Writes a text as UTF-8, where it is ASCII and there is room; returns the position behind it, or -1. */
export function writeAscii(text: string, bytes: Uint8Array, at: number): number {
  const { length } = text
  if (at + length > bytes.length) return -1
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return -1
    bytes[at + i] = unit
  }
  return at + length
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}
