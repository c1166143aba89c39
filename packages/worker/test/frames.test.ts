import { setImmediate } from 'node:timers/promises'
import { SqlState, ValuesExec, VolleyError } from '@volley/core'
import { Schema } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Frame, FrameStream } from '../src/index.ts'
import { CreditGate } from '../src/frames/credit-gate.ts'
import { FrameQueue } from '../src/frames/frame-queue.ts'
import { FrameReader } from '../src/frames/frame-reader.ts'
import { FrameWriter } from '../src/frames/frame-writer.ts'
import { pump } from '../src/frames/pump.ts'
import { SharedOutput } from '../src/tasks/shared-output.ts'
import { collectNumbers } from './support/collect.ts'
import { numbers, schema } from './support/plans.ts'
import { testSession } from './support/session.ts'

const key = { query: 'q', stage: 1, task: 0, attempt: 0, partition: 0 }

/** Frames of these payload sizes and an end mark; tells whether it was closed. */
function source(sizes: readonly number[]): FrameStream & { closed: number } {
  const frames: Frame[] = sizes.map((size, sequence) => ({
    ...key,
    sequence,
    body: { kind: 'data', bytes: new Uint8Array(size) },
  }))
  frames.push({ ...key, sequence: sizes.length, body: { kind: 'end', rows: 0 } })
  let at = 0
  return {
    closed: 0,
    next: () => Promise.resolve(frames[at++] ?? null),
    close() {
      this.closed++
      return Promise.resolve()
    },
  }
}

describe('credit', () => {
  test('bytes in flight never exceed the window and one message', async () => {
    let waited = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3000), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 6000 }),
        async (sizes, window) => {
          const gate = new CreditGate()
          let sent = 0
          let taken = 0
          let most = 0
          const queue = new FrameQueue({ window, grant: (bytes) => gate.grant(bytes), cancel: () => gate.close() })
          gate.grant(window)
          const pumping = pump(source(sizes), gate, (frame) => {
            if (frame.body.kind === 'data') sent += frame.body.bytes.length
            most = Math.max(most, sent - taken)
            queue.push(frame)
          })
          const sequences: number[] = []
          for (let frame = await queue.next(); frame !== null; frame = await queue.next()) {
            sequences.push(frame.sequence)
            if (frame.body.kind === 'data') taken += frame.body.bytes.length
            await setImmediate()
          }
          await pumping
          expect(sequences).toEqual(Array.from({ length: sizes.length + 1 }, (_, i) => i))
          expect(most).toBeLessThanOrEqual(window + Math.max(...sizes))
          if (most < sent) waited++
        },
      ),
      { numRuns: 60 },
    )
    expect(waited).toBeGreaterThan(5)
  })

  test('a consumer that closes stops the producer', async () => {
    const gate = new CreditGate()
    const stream = source([10, 10, 10])
    const queue = new FrameQueue({ window: 10, grant: (bytes) => gate.grant(bytes), cancel: () => gate.close() })
    gate.grant(10)
    const pumping = pump(stream, gate, (frame) => queue.push(frame))
    await queue.next()
    await queue.close()
    await pumping
    expect(stream.closed).toBe(1)
    expect(await queue.next()).toBe(null)
  })
})

describe('a shared output', () => {
  test('is computed once, and every consumer that stays gets all of it', async () => {
    let measured = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(12),
        // How many frames are computed before it is known who comes; null: it is known from the start.
        fc.option(fc.nat(14)),
        fc.array(fc.record({ leavesAfter: fc.option(fc.nat(6)), pause: fc.nat(3) }), { minLength: 2, maxLength: 5 }),
        async (count, ahead, consumers) => {
          const stream = source(Array.from({ length: count }, () => 1))
          const output = new SharedOutput(stream, ahead === null ? consumers.length : 0)
          if (ahead !== null) {
            let asked = 0
            await output.fill(() => asked++ === ahead)
            measured += +(ahead > 0)
            output.settle(consumers.length)
          }
          const got = await Promise.all(
            consumers.map(async ({ leavesAfter, pause }) => {
              for (let i = 0; i < pause; i++) await setImmediate()
              const mine = output.open()!
              const sequences: number[] = []
              for (let left = leavesAfter ?? Infinity; left > 0; left--) {
                const frame = await mine.next()
                if (frame === null) break
                sequences.push(frame.sequence)
                for (let i = 0; i < pause; i++) await setImmediate()
              }
              await mine.close()
              return sequences
            }),
          )
          const all = Array.from({ length: count + 1 }, (_, i) => i)
          consumers.forEach(({ leavesAfter }, i) =>
            expect(got[i]).toEqual(leavesAfter === null ? all : all.slice(0, leavesAfter)),
          )
          expect(stream.closed).toBe(1)
          expect(output.open()).toBe(null)
        },
      ),
      { numRuns: 60 },
    )
    expect(measured).toBeGreaterThan(10)
  })
})

describe('a partition', () => {
  const session = testSession()
  const context = session.context('q', new Map(), new AbortController().signal)

  async function framesOf(values: readonly number[]): Promise<Frame[]> {
    const writer = new FrameWriter(
      key,
      numbers([values]).execute(0, session.context('q', new Map(), new AbortController().signal)),
    )
    const frames: Frame[] = []
    for (let frame = await writer.next(); frame !== null; frame = await writer.next()) frames.push(frame)
    return frames
  }

  function read(frames: readonly Frame[]): Promise<number[]> {
    const rest = [...frames]
    const stream: FrameStream = { next: () => Promise.resolve(rest.shift() ?? null), close: () => Promise.resolve() }
    return collectNumbers(new FrameReader(key, 'h:1', stream, schema, context))
  }

  test('may have no columns, or no rows', async () => {
    const empty = new Schema([])
    for (const rows of [0, 3]) {
      const plan = new ValuesExec(
        empty,
        Array.from({ length: rows }, () => []),
      )
      const frames = new FrameWriter(
        key,
        plan.execute(0, session.context('q', new Map(), new AbortController().signal)),
      )
      const reader = new FrameReader(key, 'h:1', frames, empty, context)
      let count = 0
      for (let batch = await reader.next(); batch !== null; batch = await reader.next()) count += batch.numRows
      await reader.close()
      expect(count).toBe(rows)
    }
  })

  test('that is not whole is never taken for one', async () => {
    const frames = await framesOf([3, 1, 2])
    expect(await read(frames)).toEqual([1, 2, 3])
    const [data, end] = frames
    const cases: readonly [readonly Frame[], string, string][] = [
      [[data!], SqlState.workerLost, 'ended without its end mark'],
      [[], SqlState.workerLost, 'ended without its end mark'],
      [[end!], SqlState.protocolViolation, 'sent frame 1 where 0 was due'],
      [[data!, data!, end!], SqlState.protocolViolation, 'sent frame 0 where 1 was due'],
      [[{ ...end!, sequence: 0 }], SqlState.protocolViolation, 'marked 3 rows where 0 arrived'],
      [[data!, { ...end!, attempt: 1 }], SqlState.protocolViolation, 'sent a frame of another partition'],
    ]
    for (const [sent, code, message] of cases) {
      const error = (await read(sent).catch((cause: unknown) => cause)) as VolleyError
      expect(error).toBeInstanceOf(VolleyError)
      expect([error.code, error.subject.worker]).toEqual([code, 'h:1'])
      expect(error.message).toContain(`worker h:1: partition 0 of task 0 of stage 1 ${message}`)
    }
    expect(session.arena.liveBlocks).toBe(0)
  })
})
