// Serves the page, and a folder of Quickwit indexes with range requests, on this machine only.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { buildPage, pageFolder } from './build.ts'

const demoIndexes = fileURLToPath(new URL('../../fixtures/demo/indexes', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** An answered request, for who wants to count. */
export interface Served {
  readonly path: string
  readonly status: number
  /** Bytes of the body. */
  readonly bytes: number
}

export interface ServeOptions {
  /** The built page: dist/. */
  readonly dist?: string
  /** A Quickwit metastore's folder: the demo's. */
  readonly indexes?: string
  readonly port?: number
  readonly onServed?: (served: Served) => void
}

export async function serve(options: ServeOptions = {}): Promise<{ url: string; close: () => Promise<void> }> {
  const roots: readonly (readonly [prefix: string, folder: string])[] = [
    ['/indexes/', options.indexes ?? demoIndexes],
    ['/dist/', options.dist ?? path.join(pageFolder, 'dist')],
    ['/', path.resolve(pageFolder)],
  ]
  const server = http.createServer((request, response) => {
    const name = nameOf(request.url ?? '/')
    const [prefix, folder] = roots.find(([each]) => name.startsWith(each))!
    const file = path.join(folder, name.slice(prefix.length))
    const inside = file.startsWith(folder + path.sep) && !file.includes('\0')
    const stat = inside ? fs.statSync(file, { throwIfNoEntry: false }) : undefined
    const answer = (status: number, headers: http.OutgoingHttpHeaders, range: ByteRange | null): void => {
      const bytes = range === null || request.method === 'HEAD' ? 0 : range.end - range.start
      options.onServed?.({ path: name, status, bytes })
      response.writeHead(status, { 'cache-control': 'no-store', ...headers })
      if (bytes === 0) response.end()
      else pipeline(fs.createReadStream(file, { start: range!.start, end: range!.end - 1 }), response, () => {})
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, {}, null)
    if (stat === undefined || !stat.isFile()) return answer(404, {}, null)
    const headers = {
      'content-type': types[path.extname(file)] ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag: `"${stat.size}-${stat.mtimeMs}"`,
    }
    const range = rangeOf(request.headers.range, stat.size)
    if (range === 'unsatisfiable') return answer(416, { 'content-range': `bytes */${stat.size}` }, null)
    const { start, end } = range ?? { start: 0, end: stat.size }
    const partial = range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${stat.size}` }
    answer(range === null ? 200 : 206, { ...headers, 'content-length': end - start, ...partial }, { start, end })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The path that a request asks for, decoded; one that leads nowhere for text that is none. */
function nameOf(url: string): string {
  try {
    const { pathname } = new URL(url, 'http://localhost')
    return pathname === '/' ? '/index.html' : decodeURIComponent(pathname)
  } catch {
    return '/?'
  }
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

/** One range of bytes as RFC 9110 has it; null for none, or for a form that a server may ignore. */
function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1)
  return start < end ? { start, end } : 'unsatisfiable'
}

if (import.meta.main) {
  await buildPage()
  const [indexes] = process.argv.slice(2)
  const { url } = await serve({ port: 8080, ...(indexes === undefined ? {} : { indexes: path.resolve(indexes) }) })
  console.log(`open ${url}`)
}
