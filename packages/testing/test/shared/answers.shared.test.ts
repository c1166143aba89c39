import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runAnswers } from '../../src/answers/run-answers.ts'

const shared = process.env.VOLLEY_SHARED

describe.skipIf(shared === undefined)('recorded searches of a real Quickwit (VOLLEY_SHARED names the folder)', () => {
  const tree = mkdtempSync(join(tmpdir(), 'volley-answers-'))
  afterAll(() => rmSync(tree, { recursive: true, force: true }))

  test('all have the same answers', { timeout: 120_000 }, async () => {
    execFileSync('sh', [join(shared!, 'fixtures/quickwit/install.sh'), tree])
    const { passed, failures } = await runAnswers(join(shared!, 'fixtures/quickwit-answers'), tree)
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(150)
  })
})
