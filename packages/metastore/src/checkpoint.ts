import type { JsonObject } from './json.ts'
import { MetastoreError } from './metastore-error.ts'

/** How far a publish moves a source: for each partition, what lies after `from` up to `to`. */
export interface CheckpointDelta {
  readonly sourceId: string
  readonly perPartition: Readonly<Record<string, { readonly from: string; readonly to: string }>>
}

/**
 * Moves the checkpoint of an index's JSON. Positions compare as text: '' is the beginning, offsets are padded to 20
 * digits, `~` is the end. A gap is accepted (formats/quickwit-metastore.md §7).
 *
 * @throws MetastoreError `not_found` for an unknown source, `failed_precondition` when a position has passed `from`.
 */
export function applyCheckpointDelta(index: JsonObject, delta: CheckpointDelta): void {
  const sources = Array.isArray(index.sources) ? (index.sources as JsonObject[]) : []
  if (!sources.some((source) => source.source_id === delta.sourceId)) {
    throw new MetastoreError('not_found', `source ${delta.sourceId} is not in index ${String(index.index_uid)}`)
  }
  const checkpoint = (index.checkpoint ??= {}) as JsonObject
  const positions = (checkpoint[delta.sourceId] ??= {}) as JsonObject
  for (const [partition, { from, to }] of Object.entries(delta.perPartition)) {
    const stored = String(positions[partition] ?? '')
    if (stored > from) {
      throw new MetastoreError(
        'failed_precondition',
        `partition ${partition} of source ${delta.sourceId} is at ${stored} already, past ${from || 'the beginning'}`,
      )
    }
    positions[partition] = to
  }
}
