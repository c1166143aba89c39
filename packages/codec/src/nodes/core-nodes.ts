import type { NodeCodec } from '../node-codec.ts'

/** Every operator of @volley/core. */
export const coreNodes: readonly NodeCodec[] = []
