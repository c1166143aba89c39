import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { decodeZstd } from '@volley/tantivy'
import { damage, dice, type Dice } from './support/damage.ts'

const WORDS = 'connection reset by peer while reading the response header from upstream'.split(' ')

/** Bytes that compress in different ways: literals plain, coded, of one kind; long and short matches. */
function content(next: Dice): Uint8Array {
  const length = next(6) === 0 ? next(300_000) : next(4000)
  switch (next(4)) {
    case 0:
      return Uint8Array.from({ length: length >> 3 }, () => next(256))
    case 1:
      return Uint8Array.from({ length: length >> 2 }, () => next(4) * next(4))
    case 2:
      return new Uint8Array(length).fill(next(256))
    default:
      return new TextEncoder().encode(Array.from({ length: length >> 4 }, () => WORDS[next(WORDS.length)]).join(' '))
  }
}

it('frames decode as by the native decoder, damaged ones too, or are refused', () => {
  const next = dice(20260722)
  const outcomes = { refused: 0, same: 0 }
  for (let round = 0; round < 60; round += 1) {
    const bytes = content(next)
    const params = {
      [constants.ZSTD_c_compressionLevel]: [-5, 1, 3, 9][next(4)]!,
      [constants.ZSTD_c_contentSizeFlag]: next(2),
    }
    const frame = new Uint8Array(zstdCompressSync(bytes, { params }))
    expect(Buffer.compare(decodeZstd(frame, bytes.length), bytes)).toBe(0)
    expect(() => decodeZstd(frame, bytes.length - 1)).toThrow(Error)
    for (let k = 0; k < 4; k += 1) {
      const bad = damage(frame, next)
      let decoded: Uint8Array
      try {
        decoded = decodeZstd(bad, bytes.length)
      } catch {
        outcomes.refused += 1
        continue
      }
      outcomes.same += 1
      expect(Buffer.compare(decoded, zstdDecompressSync(bad))).toBe(0)
    }
  }
  expect(outcomes.refused).toBeGreaterThan(25)
  expect(outcomes.same).toBeGreaterThan(25)
})

it('weights of literals that never end are refused', () => {
  // states of no bits that follow each other: a decoder that waits for the bits to run out does not end
  const frame = new Uint8Array(zstdCompressSync(new TextEncoder().encode('abracadabra '.repeat(40) + 'xyz')))
  const next = dice(7)
  for (let round = 0; round < 800; round += 1) {
    const bad = frame.slice()
    for (let k = 0; k < 3; k += 1) bad[6 + next(bad.length - 6)] = next(256)
    try {
      expect(decodeZstd(bad, 1 << 16).length).toBeLessThanOrEqual(1 << 16)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
    }
  }
})
