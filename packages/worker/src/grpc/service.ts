import type { Reader, Writer } from 'protobufjs/minimal.js'
import { grpc, volley } from '../generated/messages.js'

interface MessageType<Out, In> {
  encode(message: Out): Writer
  decode(reader: Reader | Uint8Array): In
}

/** One method, as grpc-js wants it: what is sent, and what arrives, of requests and responses. */
export interface Method<ReqOut, ReqIn, ResOut, ResIn> {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  requestSerialize(message: ReqOut): Buffer
  requestDeserialize(bytes: Buffer): ReqIn
  responseSerialize(message: ResOut): Buffer
  responseDeserialize(bytes: Buffer): ResIn
}

function method<ReqOut, ReqIn, ResOut, ResIn>(
  path: string,
  request: MessageType<ReqOut, ReqIn>,
  response: MessageType<ResOut, ResIn>,
  stream = false,
): Method<ReqOut, ReqIn, ResOut, ResIn> {
  return {
    path,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: (message) => request.encode(message).finish() as Buffer,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => response.encode(message).finish() as Buffer,
    responseDeserialize: (bytes) => response.decode(bytes),
  }
}

const { worker } = volley
const health = grpc.health.v1

type AnyMessage = MessageType<never, unknown>
type Of<Req extends AnyMessage, Res extends AnyMessage> = Method<
  Parameters<Req['encode']>[0],
  ReturnType<Req['decode']>,
  Parameters<Res['encode']>[0],
  ReturnType<Res['decode']>
>
type W = typeof volley.worker
type H = typeof grpc.health.v1

/** Methods of proto/worker.proto. */
export const workerService: {
  readonly hello: Of<W['HelloRequest'], W['HelloResponse']>
  readonly createTasks: Of<W['CreateTasksRequest'], W['CreateTasksResponse']>
  readonly measure: Of<W['MeasureRequest'], W['MeasureResponse']>
  readonly settle: Of<W['SettleRequest'], W['SettleResponse']>
  readonly openPartition: Of<W['ConsumerMessage'], W['Frame']>
  readonly attend: Of<W['Beat'], W['Beat']>
  readonly endQuery: Of<W['EndQueryRequest'], W['EndQueryResponse']>
} = {
  hello: method('/volley.worker.Worker/Hello', worker.HelloRequest, worker.HelloResponse),
  createTasks: method('/volley.worker.Worker/CreateTasks', worker.CreateTasksRequest, worker.CreateTasksResponse),
  measure: method('/volley.worker.Worker/Measure', worker.MeasureRequest, worker.MeasureResponse),
  settle: method('/volley.worker.Worker/Settle', worker.SettleRequest, worker.SettleResponse),
  openPartition: method('/volley.worker.Worker/OpenPartition', worker.ConsumerMessage, worker.Frame, true),
  attend: method('/volley.worker.Worker/Attend', worker.Beat, worker.Beat, true),
  endQuery: method('/volley.worker.Worker/EndQuery', worker.EndQueryRequest, worker.EndQueryResponse),
}

/** proto/health.proto. */
export const healthService: { readonly check: Of<H['HealthCheckRequest'], H['HealthCheckResponse']> } = {
  check: method('/grpc.health.v1.Health/Check', health.HealthCheckRequest, health.HealthCheckResponse),
}

/** Channel options of both sides: large messages, a 16 MB window. */
export const channelOptions: Record<string, number> = {
  'grpc-node.flow_control_window': 16 * 1024 * 1024,
  'grpc.max_receive_message_length': 1024 * 1024 * 1024,
  'grpc.max_send_message_length': -1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
}
