import { SqlState, VolleyError } from '@volley/core'
import type { Frame, FrameStream, PartitionKey } from '../frames/frame.ts'
import type { GrpcWorkerClient } from '../grpc/grpc-worker-client.ts'
import { defaultPatience, type Patience } from '../grpc/patience.ts'
import type { PeerSecurity } from '../grpc/security.ts'
import type { Identity } from '../identity.ts'
import type { FrameSource } from '../tasks/task-executor.ts'

/** Connections to other workers, one each, made when needed and replaced after a failure. */
export class WorkerPool implements FrameSource {
  readonly #identity: Identity
  readonly #security: PeerSecurity
  readonly #patience: Patience
  readonly #clients = new Map<string, GrpcWorkerClient>()
  #closed = false

  constructor(identity: Identity, security: PeerSecurity = {}, patience: Patience = defaultPatience) {
    this.#patience = patience
    this.#identity = identity
    this.#security = security
  }

  /** Partitions that are being received. */
  get openStreams(): number {
    let count = 0
    for (const client of this.#clients.values()) count += client.openStreams
    return count
  }

  /** The connection to a worker. Loads gRPC with the first one: who runs without workers never needs it. */
  async client(url: string): Promise<GrpcWorkerClient> {
    const { GrpcWorkerClient } = await import('../grpc/grpc-worker-client.ts')
    if (this.#closed) throw new VolleyError('the worker pool is closed', { code: SqlState.connectionFailure })
    const existing = this.#clients.get(url)
    if (existing !== undefined && existing.failure === null) return existing
    const client = new GrpcWorkerClient(url, this.#identity, this.#security, this.#patience)
    this.#clients.set(url, client)
    return client
  }

  /** Frames of a task on another worker; the connection is made on the way. */
  openPartition(worker: string, key: PartitionKey): FrameStream {
    return new ConnectingStream(this.client(worker), key)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
    this.#clients.clear()
  }
}

class ConnectingStream implements FrameStream {
  readonly #opening: Promise<FrameStream | null>
  #stream: FrameStream | null = null
  #closed = false
  readonly #wake = Promise.withResolvers<null>()

  constructor(connecting: Promise<GrpcWorkerClient>, key: PartitionKey) {
    this.#opening = connecting.then(async (client) => {
      await client.ready()
      if (this.#closed) return null
      this.#stream = client.openPartition(key)
      return this.#stream
    })
    this.#opening.catch(() => {})
  }

  async next(): Promise<Frame | null> {
    if (this.#closed) return null
    const stream = this.#stream ?? (await Promise.race([this.#opening, this.#wake.promise]))
    return stream === null ? null : stream.next()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake.resolve(null)
    await this.#stream?.close()
  }
}
