export { StaticWorkerResolver } from './static-worker-resolver.ts'
export { RendezvousPlacement, type RendezvousOptions } from './rendezvous-placement.ts'

// For other placements.
export { rendezvousScore } from './rendezvous-hash.ts'
