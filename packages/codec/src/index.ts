export { CODEC_VERSION, PlanCodec } from './plan-codec.ts'
export { verifyIpc } from './wire/verify-ipc.ts'
export { decodeError, encodeError, toVolleyError } from './errors.ts'

// For packages that add nodes or expressions of their own.
export type {
  DecodeContext,
  EncodeContext,
  EncodedPartitioning,
  EncodedSortKey,
  ExprCodec,
  Handle,
  NodeCodec,
} from './node-codec.ts'
