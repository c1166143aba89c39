import { Server, status, type sendUnaryData, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js'
import { decodeError, toVolleyError } from '@volley/codec'
import { SqlState, VolleyError } from '@volley/core'
import type { grpc, volley } from '../generated/messages.js'
import { CreditGate } from '../frames/credit-gate.ts'
import type { Frame, FrameStream } from '../frames/frame.ts'
import { openOrFail } from '../frames/open-or-fail.ts'
import { pump } from '../frames/pump.ts'
import type { Identity } from '../identity.ts'
import type { TaskExecutor } from '../tasks/task-executor.ts'
import { Leases } from './leases.ts'
import { checkListenAddress, isAuthorized, serverCredentials, type PeerSecurity } from './security.ts'
import { channelOptions, healthService, workerService } from './service.ts'
import { errorToStatus, frameToWire, metricsToWire, requestFromWire } from './wire.ts'

export interface GrpcWorkerServerOptions extends PeerSecurity {
  /** `host:port`; port 0 picks one. Default `127.0.0.1:0`. Beyond loopback, a token or TLS is needed. */
  readonly listen?: string
  readonly executor: TaskExecutor
  readonly identity: Identity
  /** Threads that run tasks. */
  readonly threads?: number
  /** How long a query lives without a beat of its coordinator, in seconds. Default 30. */
  readonly leaseSeconds?: number
}

type Messages = typeof volley.worker
type Unary<Req, Res> = (request: Req) => Promise<Res>

/** A worker's gRPC service: hands tasks to an executor, and frames back. Runs no task itself. */
export class GrpcWorkerServer {
  /** `host:port` that it listens on. */
  readonly address: string
  readonly #server: Server
  readonly #options: GrpcWorkerServerOptions
  readonly #leases: Leases
  /** The coordinators of the queries that run. */
  readonly #attended = new Map<string, AttendCall>()
  #openStreams = 0

  private constructor(address: string, server: Server, options: GrpcWorkerServerOptions, leases: Leases) {
    this.address = address
    this.#server = server
    this.#options = options
    this.#leases = leases
    options.executor.onHint((query, key, value) => {
      this.#attended.get(query)?.write({ query, number: 0, hints: [{ key, value }] })
    })
  }

  /** @throws VolleyError when the address cannot be listened on. */
  static async start(options: GrpcWorkerServerOptions): Promise<GrpcWorkerServer> {
    const listen = options.listen ?? '127.0.0.1:0'
    checkListenAddress(listen, options)
    const server = new Server(channelOptions)
    const leases = new Leases(options.leaseSeconds ?? 30, 1000, (query) => {
      const reason = new VolleyError('the coordinator is gone', { code: SqlState.queryCanceled })
      options.executor.endQuery(query, reason).catch(() => {})
    })
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(listen, serverCredentials(options), (error, bound) => (error ? reject(error) : resolve(bound)))
    }).catch((cause: unknown) => {
      leases.close()
      server.forceShutdown()
      throw new VolleyError(`cannot listen on ${listen}: ${toVolleyError(cause).message}`, {
        code: SqlState.ioError,
        cause,
      })
    })
    const worker = new GrpcWorkerServer(listen.replace(/:\d+$/, `:${port}`), server, options, leases)
    worker.#register()
    return worker
  }

  /** Partitions that are being sent. */
  get openStreams(): number {
    return this.#openStreams
  }

  /** Ends every query and stops listening. */
  async close(): Promise<void> {
    this.#leases.close()
    await this.#options.executor.close()
    this.#server.forceShutdown()
  }

  #register(): void {
    this.#server.addService(workerService, {
      hello: this.#unary<InstanceType<Messages['HelloRequest']>, volley.worker.HelloResponse.$Properties>(() =>
        Promise.resolve({ ...this.#options.identity, threads: this.#options.threads ?? 1 }),
      ),
      createTasks: this.#unary<
        InstanceType<Messages['CreateTasksRequest']>,
        volley.worker.CreateTasksResponse.$Properties
      >((request) => this.#createTasks(request)),
      endQuery: this.#unary<InstanceType<Messages['EndQueryRequest']>, volley.worker.EndQueryResponse.$Properties>(
        async ({ query, reason }) => {
          this.#leases.drop(query)
          const metrics = await this.#options.executor.endQuery(
            query,
            reason.length > 0 ? decodeError(reason) : undefined,
          )
          return { tasks: metrics.map(metricsToWire) }
        },
      ),
      measure: this.#unary<InstanceType<Messages['MeasureRequest']>, volley.worker.MeasureResponse.$Properties>(
        ({ query, stage, task, attempt, limit }) =>
          this.#options.executor.measure({ query, stage, task, attempt }, limit),
      ),
      settle: this.#unary<InstanceType<Messages['SettleRequest']>, volley.worker.SettleResponse.$Properties>(
        async ({ query, stage, task, attempt, consumers }) => {
          await this.#options.executor.settle({ query, stage, task, attempt }, consumers)
          return {}
        },
      ),
      openPartition: (call: OpenCall) => {
        if (this.#authorize(call)) this.#openPartition(call)
      },
      attend: (call: AttendCall) => {
        if (this.#authorize(call)) this.#attend(call)
      },
    })
    this.#server.addService(healthService, {
      check: this.#unary<grpc.health.v1.HealthCheckRequest, grpc.health.v1.HealthCheckResponse.$Properties>(() =>
        Promise.resolve({ status: 1 }),
      ),
    })
  }

  async #createTasks({
    codecVersion,
    functions,
    tasks,
  }: InstanceType<Messages['CreateTasksRequest']>): Promise<volley.worker.CreateTasksResponse.$Properties> {
    const { identity } = this.#options
    if (codecVersion !== identity.codecVersion || functions !== identity.functions) {
      throw new VolleyError('the plan was made for another version of this worker', {
        code: SqlState.connectionFailure,
      })
    }
    const requests = tasks.map(requestFromWire)
    for (const { query } of requests) this.#leases.renew(query)
    await this.#options.executor.createTasks(requests)
    return {}
  }

  #openPartition(call: OpenCall): void {
    const gate = new CreditGate()
    let stream: FrameStream | null = null
    const stop = (): void => {
      gate.close()
      stream?.close().catch(() => {})
    }
    this.#openStreams++
    call.once('close', () => this.#openStreams--)
    call.on('cancelled', stop)
    call.on('error', stop)
    call.on('data', (message: InstanceType<Messages['ConsumerMessage']>) => {
      gate.grant(message.credit)
      if (message.open == null || stream !== null) return
      const { query, stage, task, attempt, partition } = message.open
      const key = {
        query: query ?? '',
        stage: stage ?? 0,
        task: task ?? 0,
        attempt: attempt ?? 0,
        partition: partition ?? 0,
      }
      stream = openOrFail(() => this.#options.executor.openPartition(key), key)
      let last: Frame | null = null
      pump(stream, gate, (frame) => {
        last = frame
        call.write(frameToWire(frame))
      })
        .catch((error: unknown) => {
          const sequence = last === null ? 0 : last.sequence + 1
          call.write(frameToWire({ ...key, sequence, body: { kind: 'error', error: toVolleyError(error) } }))
        })
        .finally(() => call.end())
    })
  }

  #attend(call: AttendCall): void {
    let attended: string | null = null
    const gone = (): void => {
      if (attended !== null && this.#attended.get(attended) === call) this.#attended.delete(attended)
      if (attended === null || !this.#leases.drop(attended)) return
      const reason = new VolleyError('the coordinator is gone', { code: SqlState.queryCanceled })
      this.#options.executor.endQuery(attended, reason).catch(() => {})
    }
    call.on('data', (beat: InstanceType<Messages['Beat']>) => {
      const { query, number, hints } = beat
      if (attended === null) this.#attended.set(query, call)
      attended = query
      this.#leases.renew(query)
      for (const { key, value } of hints) this.#options.executor.hint(query, key ?? '', value ?? new Uint8Array())
      if (number > 0) call.write({ query, number })
    })
    call.on('cancelled', gone)
    call.on('error', gone)
    call.on('end', () => {
      gone()
      call.end()
    })
  }

  #authorize(call: OpenCall | AttendCall): boolean {
    if (isAuthorized(call.metadata, this.#options)) return true
    call.emit('error', { code: status.UNAUTHENTICATED, details: 'not authorized' })
    return false
  }

  #unary<Req, Res>(handle: Unary<Req, Res>): (call: ServerUnaryCall<Req, Res>, reply: sendUnaryData<Res>) => void {
    return (call, reply) => {
      if (!isAuthorized(call.metadata, this.#options)) {
        reply({ code: status.UNAUTHENTICATED, details: 'not authorized' })
        return
      }
      handle(call.request).then(
        (response) => reply(null, response),
        (error: unknown) => reply(errorToStatus(error)),
      )
    }
  }
}

type OpenCall = ServerDuplexStream<InstanceType<Messages['ConsumerMessage']>, volley.worker.Frame.$Properties>
type AttendCall = ServerDuplexStream<InstanceType<Messages['Beat']>, volley.worker.Beat.$Properties>
