import type { Producer } from '@volley/planner'
import type { volley } from '../generated/messages.js'

type WireProducer = volley.codec.Producer.$Properties

export function producersToWire(producers: readonly Producer[]): WireProducer[] {
  return producers.map(({ task, worker, attempt }) => ({ task, worker, attempt: attempt ?? null }))
}

export function producersFromWire(producers: readonly WireProducer[]): Producer[] {
  return producers.map(({ task, worker, attempt }) => ({
    task: task ?? 0,
    worker: worker ?? '',
    ...(attempt == null ? {} : { attempt }),
  }))
}
