const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296))

/** MD5 of the bytes, in hexadecimal (RFC 1321). */
export function md5(input: Uint8Array): string {
  const blocks = ((input.length + 8) >>> 6) + 1
  const padded = new Uint8Array(blocks * 64)
  padded.set(input)
  padded[input.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, input.length << 3, true)
  view.setUint32(padded.length - 4, Math.floor(input.length / 0x20000000), true)
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  for (let at = 0; at < padded.length; at += 64) addBlock(state, view, at)
  const out = new DataView(new ArrayBuffer(16))
  state.forEach((word, i) => out.setInt32(i * 4, word, true))
  return Array.from(new Uint8Array(out.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function addBlock(state: Int32Array, view: DataView, at: number): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const round = i >>> 4
    let f: number
    let word: number
    if (round === 0) {
      f = (b & c) | (~b & d)
      word = i
    } else if (round === 1) {
      f = (d & b) | (~d & c)
      word = (5 * i + 1) & 15
    } else if (round === 2) {
      f = b ^ c ^ d
      word = (3 * i + 5) & 15
    } else {
      f = c ^ (b | ~d)
      word = (7 * i) & 15
    }
    const sum = (a + f + SINES[i]! + view.getInt32(at + word * 4, true)) | 0
    const shift = SHIFTS[round * 4 + (i & 3)]!
    a = d
    d = c
    c = b
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
}
