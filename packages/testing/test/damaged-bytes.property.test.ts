import fs from 'node:fs'
import { VolleyError } from '@volley/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queryRows, type RowValue } from '../src/index.ts'
import { sampleDocuments } from './support/arbitrary-corpus.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

test(
  'damaged bytes anywhere in a split end in an error that names it, or in rows',
  { timeout: 120_000 * MORE },
  async () => {
    const placed = sampleDocuments(120, 5).map((document, i) => ({
      document,
      split: i % 2,
      segment: 0,
      deleted: i % 9 === 0,
    }))
    const { indexId, splits } = await sessions.tree.publish({ placed, ages: [] })
    const [split] = splits
    const file = split!.path
    const intact = fs.readFileSync(file)
    const outcomes = { rows: 0, errors: 0 }
    const query = `SELECT id, body, tag, n, f, labels, attrs->>'host' FROM "${indexId}" WHERE match(body, 'alpha') OR n > 0`
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
        async (damages, cut) => {
          const bytes = Buffer.from(intact)
          for (const [at, value] of damages) bytes[Math.min(bytes.length - 1, Math.floor(at * bytes.length))] = value
          fs.writeFileSync(file, cut ? bytes.subarray(0, Math.floor(damages[0]![0] * bytes.length)) : bytes)
          // A session of its own, for splits that are open stay open.
          const session = sessions.fresh()
          let rows: RowValue[][]
          try {
            rows = await queryRows(session, query)
          } catch (error) {
            expect(error).toBeInstanceOf(VolleyError)
            const { message, code, subject } = error as VolleyError
            expect(`${message} ${subject.split} ${subject.file}`).toContain(split!.splitId)
            expect(code).not.toBe('XX000')
            expect(message).not.toMatch(/\n|undefined|is not a function|Cannot read|\[object/)
            outcomes.errors++
            return
          } finally {
            await session.close()
          }
          expect(rows.length).toBeLessThanOrEqual(placed.length)
          outcomes.rows++
        },
      ),
      { numRuns: 40 * MORE },
    )
    expect(outcomes.rows).toBeGreaterThan(5)
    expect(outcomes.errors).toBeGreaterThan(10)
  },
)
