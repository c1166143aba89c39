import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { damage, dice } from './support/damage.ts'
import { attempt, drawReading, type Outcome, subjectsOf } from './support/damaged-segment.ts'
import { FIXTURES, loadFiles } from './support/fixture.ts'

const MUTATIONS = 500
const MAX_SEGMENT_BYTES = 150_000
const SEED = 20260722

describe(`damaged indexes (seed ${SEED})`, () => {
  it('are refused as corrupted, read to the end, or told by their checksums', { timeout: 120_000 }, async () => {
    // of the small segments, where documents are deleted too, every way to read a file
    const folder = 'multi7del-sst'
    const subjects = await subjectsOf(folder, loadFiles(join(FIXTURES, folder, 'index')), MAX_SEGMENT_BYTES)
    expect(subjects.length).toBeGreaterThanOrEqual(4)
    const next = dice(SEED)
    const outcomes: Record<Outcome, number> = { refused: 0, same: 0, different: 0 }
    const kinds = new Set<string>()
    const readings = new Set<string>()
    for (let round = 0; round < MUTATIONS; round += 1) {
      const subject = subjects[next(subjects.length)]!
      const file = [...subject.readings.keys()][next(subject.readings.size)]!
      const known = drawReading(subject.readings.get(file)!, next)
      const bytes = damage(subject.files.get(file)!, next)
      const start = performance.now()
      try {
        outcomes[await attempt(subject, file, bytes, known)] += 1
      } catch (error) {
        throw new Error(`round ${round}: ${subject.name}, ${file}, ${known.reading.what}`, { cause: error })
      }
      expect(performance.now() - start).toBeLessThan(20_000)
      kinds.add(file.split('.').at(-1)!)
      readings.add(known.reading.what)
    }
    expect(outcomes.refused).toBeGreaterThan(MUTATIONS / 5)
    expect(outcomes.same).toBeGreaterThan(0)
    expect(outcomes.different).toBeGreaterThan(0)
    expect([...kinds].sort()).toEqual(['del', 'fast', 'fieldnorm', 'idx', 'json', 'pos', 'store', 'term'])
    expect(readings.size).toBeGreaterThan(100)
  })
})
