import type { WindowFunction } from './window-function.ts'

/** Every window function that ships with the engine. */
export const WINDOW_FUNCTIONS: readonly WindowFunction[] = []
