import { decodeError, encodeError, toVolleyError } from '@volley/codec'
import { SqlState, VolleyError } from '@volley/core'
import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import { volley } from '../generated/messages.js'
import type { Frame, FrameBody } from '../frames/frame.ts'
import type { NodeMetrics, TaskMetrics, TaskRequest } from '../tasks/task-executor.ts'

type Wire = typeof volley.worker

const ERROR_KEY = 'volley-error-bin'
/** Metadata must fit into HTTP/2 headers. */
const MAX_ERROR_BYTES = 4096

export function frameToWire(frame: Frame): volley.worker.Frame.$Properties {
  const { query, stage, task, attempt, partition, sequence, body } = frame
  const head = { query, stage, task, attempt, partition, sequence }
  switch (body.kind) {
    case 'data':
      return { ...head, data: body.bytes }
    case 'end':
      return { ...head, end: { rows: body.rows } }
    case 'error':
      return { ...head, error: encodeError(body.error) }
  }
}

export function frameFromWire(wire: InstanceType<Wire['Frame']>): Frame {
  const { query, stage, task, attempt, partition, sequence } = wire
  return { query, stage, task, attempt, partition, sequence, body: bodyFromWire(wire) }
}

function bodyFromWire(wire: InstanceType<Wire['Frame']>): FrameBody {
  if (wire.data != null) return { kind: 'data', bytes: wire.data }
  if (wire.error != null) return { kind: 'error', error: decodeError(wire.error) }
  if (wire.end != null) return { kind: 'end', rows: wire.end.rows ?? 0 }
  throw new VolleyError('a frame has no body that this version knows', { code: SqlState.protocolViolation })
}

export function requestToWire(request: TaskRequest): volley.worker.TaskRequest.$Properties {
  return { ...request, settings: Object.fromEntries(request.settings) }
}

export function requestFromWire(wire: volley.worker.TaskRequest.$Properties): TaskRequest {
  return {
    query: wire.query ?? '',
    stage: wire.stage ?? 0,
    task: wire.task ?? 0,
    attempt: wire.attempt ?? 0,
    plan: wire.plan ?? new Uint8Array(),
    settings: new Map(Object.entries(wire.settings ?? {})),
    consumers: wire.consumers ?? 1,
    worker: wire.worker ?? '',
  }
}

export function metricsToWire(metrics: TaskMetrics): volley.worker.TaskMetrics.$Properties {
  const nodes: volley.worker.NodeMetrics.$Properties[] = []
  const add = (node: NodeMetrics): void => {
    nodes.push({
      name: node.name,
      detailKeys: node.details.map(([key]) => key),
      detailValues: node.details.map(([, value]) => value),
      children: node.children.length,
      rowsOut: node.rowsOut,
      batchesOut: node.batchesOut,
      elapsedMs: node.elapsedMs,
      counters: Object.fromEntries(node.counters),
    })
    node.children.forEach(add)
  }
  add(metrics.plan)
  const { stage, task, attempt, rowsOut, bytesOut, worker, rules, caches } = metrics
  return {
    stage,
    task,
    attempt,
    rowsOut,
    bytesOut,
    worker,
    nodes,
    rules: [...rules],
    caches: Object.fromEntries(caches),
  }
}

export function metricsFromWire(wire: volley.worker.TaskMetrics.$Properties): TaskMetrics {
  const nodes = wire.nodes ?? []
  let at = 0
  const take = (): NodeMetrics => {
    const node = nodes[at++]
    if (node === undefined)
      throw new VolleyError('metrics of a task are cut short', { code: SqlState.protocolViolation })
    return {
      name: node.name ?? '',
      details: (node.detailKeys ?? []).map((key, i) => [key, node.detailValues?.[i] ?? ''] as const),
      rowsOut: node.rowsOut ?? 0,
      batchesOut: node.batchesOut ?? 0,
      elapsedMs: node.elapsedMs ?? 0,
      counters: new Map(Object.entries(node.counters ?? {})),
      children: Array.from({ length: Math.min(node.children ?? 0, nodes.length) }, take),
    }
  }
  return {
    stage: wire.stage ?? 0,
    task: wire.task ?? 0,
    attempt: wire.attempt ?? 0,
    worker: wire.worker ?? '',
    rowsOut: wire.rowsOut ?? 0,
    bytesOut: wire.bytesOut ?? 0,
    plan: take(),
    rules: wire.rules ?? [],
    caches: new Map(Object.entries(wire.caches ?? {})),
  }
}

/** An error as the status of a unary call. */
export function errorToStatus(error: unknown): Partial<StatusObject> {
  const metadata = new Metadata()
  const failure = toVolleyError(error)
  const bytes = encodeError(failure)
  if (bytes.byteLength <= MAX_ERROR_BYTES) metadata.set(ERROR_KEY, Buffer.from(bytes))
  return { code: status.ABORTED, details: failure.message.slice(0, 1000), metadata }
}

/** The VolleyError in a failed call's metadata, else one that says what is wrong with the worker at `url`. */
export function errorFromStatus(error: ServiceError, url: string): VolleyError {
  const [bytes] = error.metadata?.get(ERROR_KEY) ?? []
  if (bytes instanceof Uint8Array) return decodeError(bytes).about({ worker: url })
  const fail = (message: string, code: string): VolleyError =>
    new VolleyError(message, { code, worker: url, cause: error })
  switch (error.code) {
    case status.UNAVAILABLE:
      return fail(`lost worker ${url}: ${oneLine(error.details)}`, SqlState.workerLost)
    case status.DEADLINE_EXCEEDED:
      return fail(`worker ${url} does not answer`, SqlState.workerLost)
    case status.UNIMPLEMENTED:
      return fail(`${url} is not a Volley worker, or one of another version`, SqlState.connectionFailure)
    case status.UNAUTHENTICATED:
      return fail(`worker ${url} refuses the token; give both sides the same one`, INVALID_AUTHORIZATION)
    case status.CANCELLED:
      return fail('the query was cancelled', SqlState.queryCanceled)
    default:
      return fail(`worker ${url}: ${oneLine(error.details || error.message)}`, SqlState.connectionFailure)
  }
}

/** PostgreSQL's invalid_authorization_specification. */
const INVALID_AUTHORIZATION = '28000'

function oneLine(text: string): string {
  return text.split('\n')[0]!.slice(0, 300)
}
