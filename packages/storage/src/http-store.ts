import { type ObjectStore, checkPath, checkRange } from './object-store.ts'
import { StorageError, type StorageErrorKind } from './storage-error.ts'

export interface HttpStoreOptions {
  /** Sent with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Limit of one attempt in milliseconds, body included: 30,000. */
  readonly timeoutMs?: number
  /** Attempts after the first: 3. */
  readonly retries?: number
  /** Wait before the first retry in milliseconds, doubled for each further one, with jitter: 100. */
  readonly backoffMs?: number
  /** Replaces the global fetch. */
  readonly fetch?: typeof fetch
}

/**
 * Objects of an HTTP(S) server that answers range requests. A query string of the base URL (a signature) goes with every
 * request and into no message.
 */
export class HttpStore implements ObjectStore {
  readonly uri: string
  readonly #base: URL
  readonly #options: HttpStoreOptions

  constructor(baseUrl: string, options: HttpStoreOptions = {}) {
    this.#base = new URL(baseUrl)
    this.uri = redactUrl(this.#base)
    this.#options = options
  }

  async getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this.uri, path, start, end)
    if (start === end) {
      checkPath(this.uri, path)
      return new Uint8Array(0)
    }
    const headers = { range: `bytes=${start}-${end - 1}` }
    return this.#request('GET', path, { headers }, signal, async (response) => {
      const bytes = new Uint8Array(await response.arrayBuffer())
      if (response.status === 206) {
        const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
        if (range && (Number(range[1]) !== start || Number(range[2]) !== end - 1)) {
          if (range[3] !== '*' && Number(range[3]) < end) throw this.#outside(path, start, end, range[3]!)
          throw new StorageError('truncated', this.uri, path, `asked for ${headers.range}, got ${range[0]}`)
        }
      } else if (start !== 0 || bytes.length !== end) {
        if (bytes.length < end) throw this.#outside(path, start, end, String(bytes.length))
        throw new StorageError('unavailable', this.uri, path, 'the server does not answer range requests')
      }
      if (bytes.length !== end - start) throw this.#truncated(path, bytes.length, end - start)
      return bytes
    })
  }

  async get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#request('GET', path, {}, signal, async (response) => {
      const bytes = new Uint8Array(await response.arrayBuffer())
      const length = response.headers.get('content-length')
      if (length !== null && !response.headers.has('content-encoding') && Number(length) !== bytes.length) {
        throw this.#truncated(path, bytes.length, Number(length))
      }
      return bytes
    })
  }

  async size(path: string, signal?: AbortSignal): Promise<number> {
    const length = await this.#request('HEAD', path, {}, signal, async (response) =>
      response.headers.has('content-encoding') ? null : response.headers.get('content-length'),
    ).catch((error: unknown) => {
      if (error instanceof StorageError && error.kind === 'unavailable') return null
      throw error
    })
    if (length !== null) return Number(length)
    return this.#request('GET', path, { headers: { range: 'bytes=0-0' } }, signal, async (response) => {
      const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')
      if (response.status === 206 && total) {
        await response.arrayBuffer()
        return Number(total[1])
      }
      return (await response.arrayBuffer()).byteLength
    })
  }

  async version(path: string, signal?: AbortSignal): Promise<string | null> {
    return this.#request('HEAD', path, {}, signal, async (response) => response.headers.get('etag'))
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    await this.#request('PUT', path, { body: bytes as Uint8Array<ArrayBuffer> }, undefined, drain)
  }

  async delete(path: string): Promise<void> {
    await this.#request('DELETE', path, {}, undefined, drain).catch((error: unknown) => {
      if (!(error instanceof StorageError && error.kind === 'not_found')) throw error
    })
  }

  #url(path: string): URL {
    const url = new URL(this.#base)
    const steps = checkPath(this.uri, path).split('/').map(encodeURIComponent)
    url.pathname = `${this.#base.pathname.replace(/\/$/, '')}/${steps.join('/')}`
    return url
  }

  async #request<T>(
    method: string,
    path: string,
    init: RequestInit,
    signal: AbortSignal | undefined,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const url = this.#url(path)
    const { retries = 3, backoffMs = 100 } = this.#options
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted()
      try {
        return await this.#attempt(method, url, path, init, signal, read)
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof StorageError) || !isTransient(error) || attempt >= retries) throw error
      }
      await sleep(backoffMs * 2 ** attempt * (0.5 + Math.random() / 2), signal)
    }
  }

  async #attempt<T>(
    method: string,
    url: URL,
    path: string,
    init: RequestInit,
    signal: AbortSignal | undefined,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs = 30_000, headers = {} } = this.#options
    const abort = new AbortController()
    const onAbort = (): void => abort.abort(signal!.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(() => abort.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    try {
      const response = await (this.#options.fetch ?? fetch)(url, {
        ...init,
        method,
        headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
        signal: abort.signal,
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new StorageError(kindOf(response.status), this.uri, path, `HTTP status ${response.status}`)
      }
      return await read(response)
    } catch (error) {
      if (error instanceof StorageError) throw error
      const reason = abort.signal.aborted ? (abort.signal.reason as Error) : (error as Error)
      throw new StorageError('unavailable', this.uri, path, reason.message, error)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #outside(path: string, start: number, end: number, size: string): StorageError {
    return new StorageError('invalid_range', this.uri, path, `bytes ${start} to ${end} of ${size}`)
  }

  #truncated(path: string, got: number, wanted: number): StorageError {
    return new StorageError('truncated', this.uri, path, `${got} bytes of ${wanted}`)
  }
}

/** Takes user, password and the values of the query out of a URL. */
function redactUrl(url: URL): string {
  const shown = new URL(url)
  if (shown.username) shown.username = '***'
  if (shown.password) shown.password = '***'
  if (shown.search) shown.search = '?***'
  return shown.href
}

async function drain(response: Response): Promise<void> {
  await response.arrayBuffer()
}

function kindOf(status: number): StorageErrorKind {
  if (status === 404 || status === 410) return 'not_found'
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 416) return 'invalid_range'
  return 'unavailable'
}

function isTransient(error: StorageError): boolean {
  if (error.kind === 'truncated') return true
  if (error.kind !== 'unavailable') return false
  const status = /HTTP status (\d+)/.exec(error.message)?.[1]
  if (status) return status === '408' || status === '429' || (status.startsWith('5') && status !== '501')
  return !error.message.includes('does not answer range requests')
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal!.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
