export { NodeSpillStore } from './node/node-spill-store.ts'
