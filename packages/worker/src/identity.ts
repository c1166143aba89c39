import os from 'node:os'
import { CODEC_VERSION, type PlanCodec } from '@volley/codec'
import { SqlState, VolleyError } from '@volley/core'

/** Version of proto/worker.proto. */
const PROTOCOL_VERSION = 2

/** What two peers must have in common to exchange plans. */
export interface Identity {
  readonly protocolVersion: number
  readonly codecVersion: number
  /** Hash of the function catalogue. */
  readonly functions: string
  /** Byte order. */
  readonly target: string
}

export function identityOf(codec: PlanCodec): Identity {
  return {
    protocolVersion: PROTOCOL_VERSION,
    codecVersion: CODEC_VERSION,
    functions: codec.functions.catalogueHash,
    target: os.endianness(),
  }
}

/** @throws VolleyError that names the worker and both sides' values when the two do not fit. */
export function checkIdentity(ours: Identity, theirs: Identity, worker: string): void {
  const differences = (
    [
      ['protocol version', 'protocolVersion'],
      ['codec version', 'codecVersion'],
      ['function catalogue', 'functions'],
      ['byte order', 'target'],
    ] as const
  ).flatMap(([name, key]) => (ours[key] === theirs[key] ? [] : [`${name} ${theirs[key]} (here ${ours[key]})`]))
  if (differences.length === 0) return
  throw new VolleyError(`worker ${worker} does not fit: it has ${differences.join(', ')}`, {
    code: SqlState.connectionFailure,
    worker,
    hint: 'run the same version of Volley on the coordinator and on all workers',
  })
}
