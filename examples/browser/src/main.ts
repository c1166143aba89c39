import type { SplitRef } from '@volley/splits'
import { Library, type OpenIndex } from './library.ts'
import { bytesOf, type Read } from './reads.ts'
import { search, type Hit } from './search.ts'

const HITS = 20

const queryExamples: Readonly<Record<string, readonly string[]>> = {
  logs: ['timeout', '"connection pool"', 'level:ERROR AND service:payment', 'message:vac*', 'NOT level:INFO', '*'],
  traces: ['status:ERROR', 'service:ledger', 'duration_ms:>2000', '*'],
}

const sqlExamples: Readonly<Record<string, string>> = {
  'errors by service': `SELECT service, count(*) AS errors, min(timestamp) AS first
FROM logs
WHERE level = 'ERROR'
GROUP BY service
ORDER BY errors DESC`,
  'search and rank': `SELECT score(), timestamp, service, message
FROM logs
WHERE message @@ 'pool AND exhausted'
ORDER BY score() DESC
LIMIT 10`,
  'join logs with traces': `SELECT l.service, count(*) AS failures, max(t.duration_ms) AS slowest
FROM logs l
JOIN traces t ON t.trace_id = l.trace_id
WHERE match(l.message, 'timeout')
GROUP BY l.service
ORDER BY failures DESC`,
}

const base = new URLSearchParams(location.search).get('indexes') ?? 'indexes'
const library = new Library(new URL(base, location.href).href.replace(/\/$/, ''))

/** What one choice of the list stands for. */
interface Choice {
  readonly index: OpenIndex
  readonly splits: readonly SplitRef[]
}

const choices: Choice[] = []
const splitList = byId<HTMLSelectElement>('splits')
const queryInput = byId<HTMLInputElement>('query')
const statementInput = byId<HTMLTextAreaElement>('statement')

await start()

async function start(): Promise<void> {
  for (const tab of document.querySelectorAll<HTMLButtonElement>('[role=tab]')) {
    tab.addEventListener('click', () => showTab(tab.getAttribute('aria-controls')!))
  }
  onSubmit('search', runSearch)
  onSubmit('sql', runStatement)
  await guarded('search', async () => {
    const indexes = await library.indexes()
    for (const index of indexes) addChoices(index)
  })
  splitList.addEventListener('change', () => {
    queryInput.value = ''
    showQueryExamples()
  })
  showQueryExamples()
  showExamples('sql-examples', Object.keys(sqlExamples), (name) => {
    statementInput.value = sqlExamples[name]!
    submit('sql')
  })
  statementInput.value = Object.values(sqlExamples)[0]!
  document.body.dataset.ready = 'true'
}

function addChoices(index: OpenIndex): void {
  const group = element('optgroup', { label: index.indexId })
  const add = (splits: readonly SplitRef[], text: string): void => {
    group.append(element('option', { value: String(choices.length) }, text))
    choices.push({ index, splits })
  }
  index.splits.forEach((split, k) => {
    add([split], `${index.indexId} · split ${k + 1} · ${number(split.numDocs)} docs · ${bytes(split.footerEnd)}`)
  })
  if (index.splits.length > 1) add(index.splits, `${index.indexId} · all ${index.splits.length} splits`)
  splitList.append(group)
}

async function runSearch(): Promise<void> {
  const choice = choices[Number(splitList.value)]
  if (choice === undefined) return
  const before = library.reads.length
  const started = performance.now()
  const { count, hits } = await search(library, choice.index, choice.splits, queryInput.value, HITS)
  const milliseconds = performance.now() - started
  showCost('search', before, milliseconds, choice.splits, [`<b>${number(count)}</b> hits`])
  const words = wordsOf(queryInput.value)
  byId('hits').replaceChildren(...hits.map((hit) => hitItem(hit, words)))
}

async function runStatement(): Promise<void> {
  const { runSql } = await import('./sql.ts')
  const before = library.reads.length
  const started = performance.now()
  const { columns, rows, plan } = await runSql(library, statementInput.value)
  const milliseconds = performance.now() - started
  const touched = new Set(library.reads.slice(before).map((read) => read.path))
  const splits = choices.flatMap((choice) => (choice.splits.length === 1 ? choice.splits : []))
  const read = splits.filter((split) => touched.has(`${split.splitId}.split`))
  showCost('sql', before, milliseconds, read, [`<b>${number(rows.length)}</b> rows`])
  const head = element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', {}, name))))
  const cell = (value: string | null): HTMLElement =>
    value === null ? element('td', { class: 'null' }, 'NULL') : element('td', {}, value)
  const body = element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell))))
  byId('rows').replaceChildren(head, body)
  byId('plan').textContent = plan
  byId('plan').parentElement!.hidden = false
}

/** Shows what a query took: figures, and which bytes of each split have been read, now and before. */
function showCost(
  panel: string,
  before: number,
  milliseconds: number,
  splits: readonly SplitRef[],
  first: readonly string[],
): void {
  const now = library.reads.slice(before)
  const size = splits.reduce((sum, split) => sum + split.footerEnd, 0)
  const share = size === 0 ? '' : ` of ${bytes(size)}`
  const cost = document.querySelector<HTMLElement>(`#${panel} .cost`)!
  cost.hidden = false
  Object.assign(cost.dataset, { requests: now.length, bytes: bytesOf(now) })
  cost.querySelector('.figures')!.innerHTML = [
    ...first,
    `<b>${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)}</b> ms`,
    `<b>${now.length}</b> requests`,
    `<b>${bytes(bytesOf(now))}</b>${share}`,
  ]
    .map((figure) => `<span>${figure}</span>`)
    .join('')
  cost.querySelector('.maps')!.replaceChildren(...splits.map((split) => splitMap(split, before)))
}

/** The bytes of a split from left to right, those that were read filled. */
function splitMap(split: SplitRef, before: number): HTMLElement {
  const size = split.footerEnd
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 1000 10')
  svg.setAttribute('preserveAspectRatio', 'none')
  const of = (reads: readonly Read[]): readonly Read[] => reads.filter((read) => read.path === `${split.splitId}.split`)
  const draw = (read: Read, kind: string): void => {
    const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    const width = Math.max(2, ((read.end - read.start) / size) * 1000)
    const attributes = { x: (read.start / size) * 1000, y: 0, width, height: 10, class: kind }
    for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, String(value))
    svg.append(rect)
  }
  for (const read of of(library.reads.slice(0, before))) draw(read, 'before')
  const now = of(library.reads.slice(before))
  for (const read of now) draw(read, 'now')
  return element(
    'div',
    { class: 'map', title: `${split.splitId}: bytes 0 to ${number(size)}; dark was read now, pale before` },
    element('span', {}, `…${split.splitId.slice(-10)}`),
    svg,
    element('span', {}, `${bytes(bytesOf(now))} in ${now.length}`),
  )
}

function hitItem(hit: Hit, words: readonly string[]): HTMLElement {
  const { timestamp, level, service, message, name, ...rest } = JSON.parse(hit.source) as Record<string, unknown>
  const head = element('div', { class: 'head' })
  if (level !== undefined)
    head.append(element('span', { class: `tag ${String(level).toLowerCase()}-level` }, String(level)))
  if (service !== undefined) head.append(element('span', { class: 'tag' }, String(service)))
  if (timestamp !== undefined) head.append(element('time', {}, String(timestamp).replace('T', ' ').replace('Z', '')))
  head.append(element('span', { class: 'score', title: `document ${hit.doc}` }, hit.score.toFixed(4)))
  const title = String(message ?? name ?? rest['span_name'] ?? '')
  return element(
    'li',
    {},
    head,
    ...(title === '' ? [] : [element('p', { class: 'title' }, ...marked(title, words))]),
    element('details', {}, element('summary', {}, 'document'), element('pre', {}, pretty(hit.source))),
  )
}

/** Words of a query that may be in a text: those of no field but `message`, in any case. */
function wordsOf(query: string): string[] {
  return [...query.matchAll(/(?:(\w+):)?"([^"]+)"|(?:(\w+):)?([\p{L}\p{N}_]+)/gu)]
    .filter((match) => [undefined, 'message'].includes(match[1] ?? match[3]))
    .flatMap((match) => (match[2] ?? match[4]!).split(/[^\p{L}\p{N}]+/u))
    .filter((word) => word !== '' && !['AND', 'OR', 'NOT', 'TO', 'IN'].includes(word))
}

function marked(text: string, words: readonly string[]): (string | HTMLElement)[] {
  if (words.length === 0) return [text]
  const parts = text.split(new RegExp(`\\b((?:${words.join('|')})\\w*)`, 'giu'))
  return parts.map((part, k) => (k % 2 === 1 ? element('mark', {}, part) : part))
}

/** JSON text over several lines; numbers stay as they are written, however long. */
function pretty(json: string): string {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON
  const keep = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
    typeof value === 'number' && raw !== undefined && source !== undefined ? raw(source) : value
  return JSON.stringify(JSON.parse(json, keep), null, 2)
}

function showTab(name: string): void {
  for (const tab of document.querySelectorAll('[role=tab]')) {
    tab.setAttribute('aria-selected', String(tab.getAttribute('aria-controls') === name))
  }
  for (const panel of document.querySelectorAll<HTMLElement>('[role=tabpanel]')) panel.hidden = panel.id !== name
}

function showQueryExamples(): void {
  const examples = queryExamples[choices[Number(splitList.value)]?.index.indexId ?? ''] ?? ['*']
  if (queryInput.value === '') queryInput.value = examples[0]!
  showExamples('query-examples', examples, (text) => {
    queryInput.value = text
    submit('search')
  })
}

function showExamples(id: string, texts: readonly string[], use: (text: string) => void): void {
  const buttons = texts.map((text) => {
    const button = element('button', { type: 'button' }, text)
    button.addEventListener('click', () => use(text))
    return button
  })
  byId(id).replaceChildren(...buttons)
}

function onSubmit(panel: string, run: () => Promise<void>): void {
  formOf(panel).addEventListener('submit', (event) => {
    event.preventDefault()
    void guarded(panel, run)
  })
}

function submit(panel: string): void {
  formOf(panel).requestSubmit()
}

function formOf(panel: string): HTMLFormElement {
  return document.querySelector<HTMLFormElement>(`#${panel} form`)!
}

/** Runs what may fail; shows the error in the panel. `data-runs` counts what has ended. */
async function guarded(panel: string, run: () => Promise<void>): Promise<void> {
  const section = byId(panel)
  const alert = section.querySelector<HTMLElement>('.error')!
  section.classList.add('busy')
  alert.hidden = true
  try {
    await run()
  } catch (error) {
    alert.textContent = error instanceof Error ? error.message : String(error)
    alert.hidden = false
  } finally {
    section.classList.remove('busy')
    section.dataset.runs = String(Number(section.dataset.runs ?? 0) + 1)
  }
}

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (string | Element)[]
): HTMLElement {
  const created = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value)
  created.append(...children)
  return created
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function bytes(count: number): string {
  return count < 1024 ? `${count} B` : `${(count / 1024).toFixed(count < 10_240 ? 1 : 0)} KB`
}
