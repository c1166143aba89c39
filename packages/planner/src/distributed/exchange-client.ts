import { ServiceKey, type BatchStream, type TaskContext } from '@volley/core'
import type { Schema } from 'apache-arrow'

/** One output partition of one task. */
export interface ExchangeSource {
  readonly stageId: number
  readonly task: number
  readonly worker: string
  readonly partition: number
  readonly attempt: number
}

/** Reads what tasks of other stages produce; a session that runs exchange nodes provides it under `exchangeClient`. */
export interface ExchangeClient {
  open(source: ExchangeSource, schema: Schema, context: TaskContext): BatchStream
}

export const exchangeClient: ServiceKey<ExchangeClient> = new ServiceKey('exchange client')
