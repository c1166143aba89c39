import os from 'node:os'

/** Bytes of memory that this process may use: of the machine, or of its container. */
export function availableMemory(): number {
  const allowed = process.constrainedMemory()
  return Math.min(os.totalmem(), allowed > 0 ? allowed : Infinity)
}
