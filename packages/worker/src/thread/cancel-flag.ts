import { SqlState, VolleyError } from '@volley/core'

/** A word that both threads see: set by the one that cancels. */
export function createCancelFlag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4))
}

export function raiseCancelFlag(flag: Int32Array): void {
  Atomics.store(flag, 0, 1)
}

/**
 * The controller's signal, which also aborts when it is asked and the flag is up: a thread that works through batches without a turn of
 * its event loop hears no message, but does ask its signal.
 */
export function flaggedSignal(controller: AbortController, flag: Int32Array): AbortSignal {
  const { signal } = controller
  const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')!.get!
  Object.defineProperty(signal, 'aborted', {
    get(): boolean {
      if (aborted.call(signal) as boolean) return true
      if (Atomics.load(flag, 0) === 0) return false
      controller.abort(new VolleyError('the query was cancelled', { code: SqlState.queryCanceled }))
      return true
    },
  })
  return signal
}
