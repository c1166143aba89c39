import { decodeError, encodeError } from '@volley/codec'
import type { VolleyError } from '@volley/core'
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { CreditGate } from '../frames/credit-gate.ts'
import { FrameQueue } from '../frames/frame-queue.ts'
import type { Frame, FrameStream, PartitionKey } from '../frames/frame.ts'
import { pump } from '../frames/pump.ts'

/** Bytes in flight between threads for one partition. */
const WINDOW = 4 * 1024 * 1024

type PortFrame = PartitionKey & { sequence: number } & (
    | { kind: 'data'; bytes: Uint8Array; packed: boolean }
    | { kind: 'end'; rows: number }
    | { kind: 'error'; error: Uint8Array }
  )

type Message =
  | { type: 'call'; id: number; method: string; args: readonly unknown[] }
  | { type: 'reply'; id: number; value: unknown; error: Uint8Array | null }
  | { type: 'open'; id: number; worker: string; key: PartitionKey; credit: number }
  | { type: 'credit'; id: number; bytes: number }
  | { type: 'close'; id: number }
  | { type: 'frame'; id: number; frame: PortFrame }
  | { type: 'closed'; id: number; error: Uint8Array | null }

export interface PortHandlers {
  /** Answers a call; the value must be cloneable. */
  call(method: string, args: readonly unknown[]): Promise<unknown>
  /** Opens a partition for the other side. */
  open(worker: string, key: PartitionKey): FrameStream
}

/**
 * One end of a message port between two threads: calls, and streams of frames under credit, in both directions. Payloads
 * are transferred where nobody else has them.
 */
export class PortPeer {
  readonly #port: MessagePort | Worker
  readonly #handlers: PortHandlers
  #ids = 0
  #failure: VolleyError | null = null
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  readonly #incoming = new Map<number, FrameQueue>()
  readonly #outgoing = new Map<number, { gate: CreditGate; stream: FrameStream | null }>()

  constructor(port: MessagePort | Worker, handlers: PortHandlers) {
    this.#port = port
    this.#handlers = handlers
    port.on('message', (message: Message) => this.#receive(message))
  }

  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.callWith([], method, ...args)
  }

  /** A call whose arguments contain what is handed over. */
  callWith(transfer: readonly Transferable[], method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const id = ++this.#ids
      this.#calls.set(id, { resolve, reject })
      this.#post({ type: 'call', id, method, args }, transfer)
    })
  }

  openPartition(worker: string, key: PartitionKey): FrameStream {
    if (this.#failure !== null) throw this.#failure
    const id = ++this.#ids
    const queue = new FrameQueue({
      window: WINDOW,
      grant: (bytes) => this.#post({ type: 'credit', id, bytes }),
      cancel: () => {
        this.#incoming.delete(id)
        this.#post({ type: 'close', id })
      },
    })
    this.#incoming.set(id, queue)
    this.#post({ type: 'open', id, worker, key, credit: WINDOW })
    return queue
  }

  /** The other side is gone: ends everything that waits for it, or works for it. */
  fail(error: VolleyError): void {
    this.#failure ??= error
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
    for (const queue of this.#incoming.values()) queue.end(error)
    this.#incoming.clear()
    for (const { gate, stream } of this.#outgoing.values()) {
      gate.close()
      stream?.close().catch(() => {})
    }
    this.#outgoing.clear()
  }

  #post(message: Message, transfer: readonly Transferable[] = []): void {
    if (this.#failure === null) this.#port.postMessage(message, transfer)
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'call':
        this.#handlers.call(message.method, message.args).then(
          (value) => this.#post({ type: 'reply', id: message.id, value, error: null }),
          (error: unknown) => this.#post({ type: 'reply', id: message.id, value: null, error: encodeError(error) }),
        )
        return
      case 'reply': {
        const call = this.#calls.get(message.id)
        this.#calls.delete(message.id)
        if (message.error === null) call?.resolve(message.value)
        else call?.reject(decodeError(message.error))
        return
      }
      case 'open':
        this.#send(message.id, message.worker, message.key, message.credit)
        return
      case 'credit':
        this.#outgoing.get(message.id)?.gate.grant(message.bytes)
        return
      case 'close': {
        const outgoing = this.#outgoing.get(message.id)
        outgoing?.gate.close()
        outgoing?.stream?.close().catch(() => {})
        return
      }
      case 'frame':
        this.#incoming.get(message.id)?.push(fromPort(message.frame))
        return
      case 'closed':
        this.#incoming.get(message.id)?.end(message.error === null ? null : decodeError(message.error))
        this.#incoming.delete(message.id)
    }
  }

  async #send(id: number, worker: string, key: PartitionKey, credit: number): Promise<void> {
    const gate = new CreditGate()
    gate.grant(credit)
    const outgoing = { gate, stream: null as FrameStream | null }
    this.#outgoing.set(id, outgoing)
    try {
      outgoing.stream = this.#handlers.open(worker, key)
      await pump(outgoing.stream, gate, (frame) => {
        const message = toPort(frame)
        this.#post(
          { type: 'frame', id, frame: message },
          message.kind === 'data' ? [message.bytes.buffer as ArrayBuffer] : [],
        )
      })
      this.#post({ type: 'closed', id, error: null })
    } catch (error) {
      this.#post({ type: 'closed', id, error: encodeError(error) })
    } finally {
      this.#outgoing.delete(id)
    }
  }
}

function toPort({ body, ...key }: Frame): PortFrame {
  switch (body.kind) {
    case 'data':
      return { ...key, kind: 'data', bytes: owned(body.bytes, body.shared === true), packed: body.packed === true }
    case 'end':
      return { ...key, kind: 'end', rows: body.rows }
    case 'error':
      return { ...key, kind: 'error', error: encodeError(body.error) }
  }
}

function fromPort(frame: PortFrame): Frame {
  const { query, stage, task, attempt, partition, sequence } = frame
  const key = { query, stage, task, attempt, partition, sequence }
  switch (frame.kind) {
    case 'data':
      return { ...key, body: { kind: 'data', bytes: frame.bytes, packed: frame.packed } }
    case 'end':
      return { ...key, body: { kind: 'end', rows: frame.rows } }
    case 'error':
      return { ...key, body: { kind: 'error', error: decodeError(frame.error) } }
  }
}

/** The bytes in a buffer that nothing else is in, so that it can be transferred. */
function owned(bytes: Uint8Array, shared: boolean): Uint8Array {
  return shared || bytes.byteLength !== bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes
}
