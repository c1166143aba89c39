import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { demoTree, type DemoTree } from '../../node/demo-tree.ts'
import { buildPage } from '../build.ts'
import { serve, type Served } from '../serve.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']
const executablePath = (process.env.VOLLEY_CHROMIUM ?? places.find((place) => fs.existsSync(place))) || undefined
// Nothing but this machine is spoken to.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const title = 'the page in a real browser'
if (executablePath === undefined) {
  test.skip(`${title} (skipped: no Chromium; install one or set VOLLEY_CHROMIUM)`, () => {})
}

describe.runIf(executablePath !== undefined)(title, () => {
  const served: Served[] = []
  const failures: string[] = []
  const dist = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-page-'))
  let demo: DemoTree
  let session: VolleySession
  let site: Awaited<ReturnType<typeof serve>>
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    demo = demoTree()
    session = await connect({ metastore: demo.metastore })
    await buildPage(dist)
    site = await serve({ dist, onServed: (each) => served.push(each) })
    browser = await chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args })
    page = await browser.newPage()
    page.on('pageerror', (error) => failures.push(String(error)))
    page.on('request', (request) => {
      if (!/^(data:|http:\/\/127\.0\.0\.1:)/.test(request.url())) failures.push(`asks ${request.url()}`)
    })
    await page.goto(site.url)
    await page.waitForSelector('body[data-ready=true]')
  })

  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await session?.close()
    demo?.remove()
    fs.rmSync(dist, { recursive: true, force: true })
  })

  /** Presses the button of a panel and waits for its end. */
  async function press(panel: 'search' | 'sql'): Promise<void> {
    const runs = Number(await page.getAttribute(`#${panel}`, 'data-runs'))
    await page.click(`#${panel} form button`)
    await page.waitForSelector(`#${panel}[data-runs="${runs + 1}"]`)
  }

  async function search(text: string): Promise<{ count: number; scores: string[]; sources: unknown[] }> {
    await page.fill('#query', text)
    await press('search')
    return {
      count: Number((await page.textContent('#search .figures b'))!.replaceAll(',', '')),
      scores: await page.locator('#hits .score').allTextContents(),
      sources: (await page.locator('#hits pre').allTextContents()).map((json) => JSON.parse(json)),
    }
  }

  async function rows(sql: string): Promise<unknown[][]> {
    const found: unknown[][] = []
    for await (const chunk of (await session.sql(sql)).chunks()) found.push(...chunk.map((row) => [...row]))
    return found
  }

  test('one split: hits and stored documents, from a part of its bytes', async () => {
    served.length = 0
    const { count, sources } = await search('timeout')
    expect(count).toBeGreaterThan(0)
    expect(sources).toHaveLength(count)
    for (const source of sources) expect((source as { message: string }).message).toMatch(/timeout/i)

    const reads = served.filter(({ path }) => path.endsWith('.split'))
    const [file] = new Set(reads.map(({ path }) => path))
    const bytes = reads.reduce((sum, read) => sum + read.bytes, 0)
    const { size } = fs.statSync(new URL(`../../../fixtures/demo${file}`, import.meta.url))
    expect(new Set(reads.map(({ path, status }) => `${status} ${path}`))).toEqual(new Set([`206 ${file}`]))
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(size / 2)
    const cost = page.locator('#search .cost')
    expect(await cost.getAttribute('data-bytes')).toBe(String(bytes))
    expect(await cost.getAttribute('data-requests')).toBe(String(reads.length))
  })

  test.each([
    ['timeout', "message @@ 'timeout'"],
    ['level:ERROR AND "connection pool"', `message @@ '"connection pool"' AND level = 'ERROR'`],
    ['message:vac* OR retry', "message @@ 'vac* OR retry'"],
  ])('all splits: %s, as SQL in Node finds it', async (text, predicate) => {
    await page.selectOption('#splits', { label: 'logs · all 4 splits' })
    const [[expected]] = (await rows(`SELECT count(*) FROM logs WHERE ${predicate}`)) as [[bigint]]
    const { count, sources } = await search(text)
    expect(count).toBe(Number(expected))
    expect(count).toBeGreaterThan(0)
    expect(sources).toHaveLength(Math.min(count, 20))
  })

  test('scores are those of SQL in Node, best first', async () => {
    await page.selectOption('#splits', { label: 'logs · all 4 splits' })
    const best = await rows(
      `SELECT score() FROM logs WHERE message @@ 'payment OR pool' ORDER BY score() DESC LIMIT 20`,
    )
    const { scores } = await search('payment OR pool')
    expect(scores).toEqual(best.map(([score]) => (score as number).toFixed(4)))
    expect(new Set(scores).size).toBeGreaterThan(1)
  })

  test('what is open and read is not read again', async () => {
    await page.selectOption('#splits', { label: 'traces · all 4 splits' })
    const bytesOf = async (text: string): Promise<number> => {
      await search(text)
      return Number(await page.getAttribute('#search .cost', 'data-bytes'))
    }
    const first = await bytesOf('service:ledger')
    expect(first).toBeGreaterThan(0)
    expect(await bytesOf('service:ledger')).toBeLessThan(first / 2)
  })

  test('a query that is none shows its error, and the next one works', async () => {
    await page.selectOption('#splits', { label: 'logs · all 4 splits' })
    await page.fill('#query', '"not closed')
    await press('search')
    expect(await page.textContent('#search .error')).toMatch(/closing " is missing/)
    await page.fill('#query', 'no_such_field:x')
    await press('search')
    expect(await page.textContent('#search .error')).toMatch(/no_such_field/)
    await search('timeout')
    expect(await page.isHidden('#search .error')).toBe(true)
  })

  test('SQL in the tab: joins and searches as in Node', async () => {
    const sql = `SELECT l.service, count(*) AS failures, max(t.duration_ms) AS slowest
      FROM logs l JOIN traces t ON t.trace_id = l.trace_id
      WHERE match(l.message, 'timeout') GROUP BY l.service ORDER BY failures DESC, l.service`
    await page.click('#tab-sql')
    await page.fill('#statement', sql)
    await press('sql')
    expect(await page.isHidden('#sql .error')).toBe(true)
    expect(await page.locator('#rows th').allTextContents()).toEqual(['service', 'failures', 'slowest'])
    const shown = (await page.locator('#rows tbody tr').all()).map((row) => row.locator('td').allTextContents())
    expect(await Promise.all(shown)).toEqual((await rows(sql)).map((row) => row.map(String)))
    expect(await page.textContent('#plan')).toMatch(/InvertedIndexExec/)

    await page.fill('#statement', 'SELECT * FROM nowhere')
    await press('sql')
    expect(await page.textContent('#sql .error')).toMatch(/nowhere/)
  })

  test('no script failed and no other host was asked', () => {
    expect(failures).toEqual([])
  })
})
