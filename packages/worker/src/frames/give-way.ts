import { setImmediate } from 'node:timers/promises'

const TURN_MS = 20
let lastTurn = performance.now()

/**
 * Lets timers, signals and sockets have their turn when they had none for 20 ms: a query whose data is all in memory goes
 * from one batch to the next without ever waiting, and would hear no cancellation.
 */
export async function giveWay(): Promise<void> {
  if (performance.now() - lastTurn < TURN_MS) return
  await setImmediate()
  lastTurn = performance.now()
}
