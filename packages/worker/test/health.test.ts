import { Client, credentials } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { createWorkerServer } from '../src/index.ts'
import { healthService } from '../src/grpc/service.ts'
import { buildTestSession } from './support/session.ts'

test('a worker answers the standard health check', async () => {
  const server = await createWorkerServer({ tasks: { build: buildTestSession } })
  const client = new Client(server.address, credentials.createInsecure())
  onTestFinished(async () => {
    client.close()
    await server.close()
  })
  const { path, requestSerialize, responseDeserialize } = healthService.check
  const response = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: '' }, (error, answer) =>
      error === null ? resolve(answer) : reject(error),
    )
  })
  expect(response).toMatchObject({ status: 1 })
})
