import { LocalWorkers } from '../../src/launcher.ts'

const entry = new URL('worker-process.ts', import.meta.url).pathname
const workers = await LocalWorkers.start({ count: 1, command: process.execPath, args: ['-C', '@volley/source', entry] })
console.log(`pids ${workers.pids.join(' ')}`)
setInterval(() => {}, 1000)
