import type { WorkerResolver } from '@volley/planner'

/**
 * A fixed list of workers, `host:port` each. An `http://` or `grpc://` prefix and a slash at the end are taken off, and duplicates are dropped.
 */
export class StaticWorkerResolver implements WorkerResolver {
  readonly #urls: readonly string[]

  /** @throws TypeError for what is not `host:port`. */
  constructor(urls: readonly string[]) {
    this.#urls = [...new Set(urls.map(normalize))]
  }

  getUrls(): Promise<readonly string[]> {
    return Promise.resolve(this.#urls)
  }
}

function normalize(url: string): string {
  const address = url
    .trim()
    .replace(/^(?:https?|grpc):\/\//, '')
    .replace(/\/$/, '')
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(address)?.[1]
  if (port === undefined || Number(port) > 65535) {
    throw new TypeError(`a worker is given as host:port, not as ${JSON.stringify(url)}`)
  }
  return address
}
