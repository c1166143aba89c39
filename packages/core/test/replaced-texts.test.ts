import { Arena, Region } from '@volley/kernels'
import { expect, test } from 'vitest'
import { ReplacedTexts } from '../src/functions/replaced-texts.ts'
import { BytesWriter } from '../src/vectors/bytes-writer.ts'

test('texts of entries are kept up to a bound, the empty one too, and others are not known', () => {
  const region = new Region(new Arena({ reserveBytes: 1 << 26 }))
  const known = new ReplacedTexts('', 40)
  const size = 1 << 20
  known.add(7, new Uint8Array(0))
  for (let entry = 8; entry < 30; entry++) known.add(entry, new Uint8Array(size).fill(entry))
  const out = new BytesWriter(region)
  const found = Array.from({ length: 40 }, (_, entry) => known.write(entry, out)).lastIndexOf(true)
  expect(found).toBe(23)
  expect([known.write(7, out), known.write(6, out), known.write(24, out)]).toEqual([true, false, false])
  out.endRow()
  expect(out.lastRow.length).toBe(16 * size)
  expect([out.lastRow[0], out.lastRow[size], out.lastRow.at(-1)]).toEqual([8, 9, 23])
  region.release()
})
