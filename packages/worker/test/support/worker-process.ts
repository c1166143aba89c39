import { enableCompileCache } from 'node:module'

enableCompileCache()
const { createWorkerServer, endWithParent } = await import('../../src/index.ts')
const server = await createWorkerServer({ tasks: { entry: new URL('task-thread.ts', import.meta.url) } })
console.log(`listening on ${server.address}`)
endWithParent(() => server.close())
