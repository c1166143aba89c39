const NON_ASCII = /[^\0-\x7f]/

export function isAscii(text: string): boolean {
  return !NON_ASCII.test(text)
}

/** Bytes that the units [start, end) of a text take in UTF-8; a lone surrogate counts as U+FFFD. */
export function utf8Length(text: string, start: number = 0, end: number = text.length): number {
  let bytes = 0
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < end && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4
      i += 1
    } else bytes += 3
  }
  return bytes
}
