import { Client, type ClientDuplexStream, type Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { encodeError } from '@volley/codec'
import { SqlState, VolleyError } from '@volley/core'
import type { MeasuredStage } from '@volley/planner'
import type { volley } from '../generated/messages.js'
import { FrameQueue } from '../frames/frame-queue.ts'
import type { FrameStream, PartitionKey, TaskKey } from '../frames/frame.ts'
import { checkIdentity, type Identity } from '../identity.ts'
import type { TaskExecutor, TaskMetrics, TaskRequest } from '../tasks/task-executor.ts'
import { HintListeners, type HintListener } from '../tasks/query-hints.ts'
import { defaultPatience, type Patience } from './patience.ts'
import { clientCredentials, clientMetadata, type PeerSecurity } from './security.ts'
import { channelOptions, workerService, type Method } from './service.ts'
import { errorFromStatus, frameFromWire, metricsFromWire, requestToWire } from './wire.ts'

/** Bytes in flight for one partition, and for all of a client together. */
const PARTITION_WINDOW = 4 * 1024 * 1024
const CLIENT_WINDOW = 64 * 1024 * 1024
const MIN_WINDOW = 256 * 1024

type Messages = typeof volley.worker

/** One worker over gRPC, for coordinators and for other workers. Every error names the worker. */
export class GrpcWorkerClient implements TaskExecutor {
  readonly url: string
  readonly #identity: Identity
  readonly #client: Client
  readonly #metadata: Metadata
  readonly #patience: Patience
  readonly #queues = new Set<FrameQueue>()
  readonly #pending = new Set<(error: VolleyError) => void>()
  readonly #calls = new Set<{ cancel(): void }>()
  readonly #listeners = new HintListeners()
  /** Of the queries that are held. */
  readonly #attended = new Map<string, { write(beat: volley.worker.Beat.$Properties): unknown }>()
  #hello: Promise<void> | null = null
  #failure: VolleyError | null = null

  constructor(url: string, identity: Identity, security: PeerSecurity = {}, patience: Patience = defaultPatience) {
    this.url = url
    this.#patience = patience
    this.#identity = identity
    this.#client = new Client(url, clientCredentials(security), channelOptions)
    this.#metadata = clientMetadata(security)
  }

  /** What the worker was lost or closed with; null while it can be used. */
  get failure(): VolleyError | null {
    return this.#failure
  }

  /** Partitions that are being received. */
  get openStreams(): number {
    return this.#queues.size
  }

  /**
   * Waits until the worker has said hello, once.
   *
   * @throws VolleyError when it is not there in time, or does not fit (`checkIdentity`).
   */
  ready(): Promise<void> {
    this.#hello ??= this.#unary(workerService.hello, this.#identity, this.#patience.helloMs).then(
      (theirs) => checkIdentity(this.#identity, theirs, this.url),
      (error: VolleyError) => {
        const failure =
          error.code === SqlState.workerLost
            ? new VolleyError(`cannot reach worker ${this.url}: ${error.message}`, {
                code: SqlState.connectionFailure,
                worker: this.url,
                cause: error.cause,
              })
            : error
        this.fail(failure)
        throw failure
      },
    )
    return this.#hello
  }

  async createTasks(requests: readonly TaskRequest[]): Promise<void> {
    await this.ready()
    const { codecVersion, functions } = this.#identity
    await this.#unary(workerService.createTasks, { tasks: requests.map(requestToWire), codecVersion, functions })
  }

  async measure({ query, stage, task, attempt }: TaskKey, limit: number): Promise<MeasuredStage> {
    const answer = await this.#unary(workerService.measure, { query, stage, task, attempt, limit })
    return { rows: answer.rows, bytes: answer.bytes, complete: answer.complete }
  }

  async settle({ query, stage, task, attempt }: TaskKey, consumers: number): Promise<void> {
    await this.#unary(workerService.settle, { query, stage, task, attempt, consumers })
  }

  hint(query: string, key: string, value: Uint8Array): void {
    this.#attended.get(query)?.write({ query, number: 0, hints: [{ key, value }] })
  }

  onHint(listener: HintListener): () => void {
    return this.#listeners.add(listener)
  }

  openPartition(key: PartitionKey): FrameStream {
    if (this.#failure !== null) throw this.#failure
    const window = Math.max(MIN_WINDOW, Math.min(PARTITION_WINDOW, Math.floor(CLIENT_WINDOW / (this.#queues.size + 1))))
    const call = this.#stream(workerService.openPartition)
    const queue: FrameQueue = new FrameQueue({
      window,
      grant: (bytes) => call.write({ credit: bytes }),
      cancel: () => {
        this.#queues.delete(queue)
        call.cancel()
      },
    })
    this.#queues.add(queue)
    call.on('data', (frame: InstanceType<Messages['Frame']>) => {
      try {
        queue.push(frameFromWire(frame))
      } catch (error) {
        queue.end(error)
        call.cancel()
      }
    })
    call.on('error', (error: ServiceError) => {
      this.#queues.delete(queue)
      queue.end(this.#failure ?? errorFromStatus(error, this.url))
    })
    call.on('end', () => {
      this.#queues.delete(queue)
      queue.end()
      call.end()
    })
    call.write({ open: key, credit: window })
    return queue
  }

  /**
   * Holds a query on the worker: beats until released, and fails the whole client when the worker leaves beats
   * unanswered, so that nothing waits for a worker that is dead or frozen.
   */
  attend(query: string, onLost: (error: VolleyError) => void): { release(): void } {
    const call = this.#stream(workerService.attend)
    let sent = 0
    let heard = 0
    let released = false
    const lost = (error: VolleyError): void => {
      if (released) return
      released = true
      this.#attended.delete(query)
      clearInterval(timer)
      this.fail(error)
      onLost(error)
    }
    const beat = (): void => {
      if (sent - heard >= this.#patience.beatsMissed) {
        lost(
          new VolleyError(`lost worker ${this.url}: it does not answer`, {
            code: SqlState.workerLost,
            worker: this.url,
          }),
        )
        call.cancel()
        return
      }
      call.write({ query, number: ++sent })
    }
    const timer = setInterval(beat, this.#patience.beatMs)
    this.#attended.set(query, call)
    call.on('data', (answer: InstanceType<Messages['Beat']>) => {
      for (const { key, value } of answer.hints) this.#listeners.tell(query, key ?? '', value ?? new Uint8Array())
      heard = Math.max(heard, answer.number)
    })
    call.on('error', (error: ServiceError) => {
      if (error.code === status.CANCELLED && released) return
      lost(errorFromStatus(error, this.url))
    })
    call.on('end', () => {
      lost(
        new VolleyError(`lost worker ${this.url}: it is shutting down`, {
          code: SqlState.workerLost,
          worker: this.url,
        }),
      )
    })
    beat()
    return {
      release: () => {
        if (released) return
        released = true
        this.#attended.delete(query)
        clearInterval(timer)
        call.cancel()
      },
    }
  }

  async endQuery(query: string, reason?: VolleyError): Promise<readonly TaskMetrics[]> {
    if (this.#failure !== null) return []
    const request = { query, reason: reason === undefined ? null : encodeError(reason) }
    const { tasks } = await this.#unary(workerService.endQuery, request, this.#patience.endMs)
    return tasks.map(metricsFromWire)
  }

  /** Ends everything that waits for the worker with `error`; the client cannot be used any more. */
  fail(error: VolleyError): void {
    if (this.#failure !== null) return
    this.#failure = error
    for (const queue of this.#queues) queue.end(error)
    this.#queues.clear()
    for (const reject of this.#pending) reject(error)
    this.#pending.clear()
    for (const call of this.#calls) call.cancel()
    this.#calls.clear()
    this.#client.close()
  }

  close(): Promise<void> {
    this.fail(new VolleyError(`the connection to worker ${this.url} is closed`, { code: SqlState.connectionFailure }))
    return Promise.resolve()
  }

  #unary<Req, ReqIn, ResOut, Res>(
    method: Method<Req, ReqIn, ResOut, Res>,
    request: Req,
    timeoutMs?: number,
  ): Promise<Res> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise<Res>((resolve, reject) => {
      this.#pending.add(reject)
      const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }
      const { path, requestSerialize, responseDeserialize } = method
      const done = (error: ServiceError | null, response?: Res): void => {
        this.#pending.delete(reject)
        this.#calls.delete(call)
        if (error !== null) reject(errorFromStatus(error, this.url))
        else resolve(response!)
      }
      const client = this.#client
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#metadata,
        options,
        done,
      )
      this.#calls.add(call)
    })
  }

  #stream<Req, ReqIn, ResOut, Res>(method: Method<Req, ReqIn, ResOut, Res>): ClientDuplexStream<Req, Res> {
    const { path, requestSerialize, responseDeserialize } = method
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.#metadata)
    this.#calls.add(call)
    call.on('status', () => this.#calls.delete(call))
    return call
  }
}
