export { LocalWorkers, type LocalWorkersOptions } from './launcher/local-workers.ts'
