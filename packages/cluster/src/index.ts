export { StaticWorkerResolver } from './static-worker-resolver.ts'
export { RendezvousPlacement, type RendezvousOptions } from './rendezvous-placement.ts'

// For other placements.
export { nameHashes, rendezvousScore } from './rendezvous-hash.ts'
