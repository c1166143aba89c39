import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { runVolley } from '../src/index.ts'

test('the demo finds the cause of the incident, on two workers', { timeout: 120_000 }, async () => {
  const start = performance.now()
  const { status, stdout, stderr } = await runVolley(['demo'])
  expect(performance.now() - start).toBeLessThan(60_000)
  expect([status, stderr]).toEqual([0, ''])
  const text = stripVTControlCharacters(stdout)

  const steps = text.match(/^\d+\. .*\?/gm) ?? []
  expect(steps.length).toBeGreaterThanOrEqual(8)
  expect(text).toMatch(/█/)
  expect(text).toMatch(/ORDER BY score\(\) DESC\s+LIMIT 10|ORDER BY \w+ DESC\s+LIMIT 10/)
  expect(text).toMatch(/match\(/)
  expect(text).toMatch(/Verdict/)

  // The distributed EXPLAIN ANALYZE of the join: two workers, each with a task and rows.
  const tasks = [...text.matchAll(/task \d+ on (127\.0\.0\.1:\d+): splits=(\d+), rows=([\d,]+)/g)]
  const withRows = new Set(tasks.filter(([, , , rows]) => rows !== '0').map(([, worker]) => worker))
  expect(withRows.size).toBe(2)
  expect(text).toMatch(/HashJoinExec|DocIdJoinExec/)
  expect(text).not.toMatch(/\bundefined\b|\bNaN\b|\[object /)
})
