import { NAVIGATION_FUNCTIONS } from './navigation.ts'
import { RANKING_FUNCTIONS } from './ranking.ts'
import type { WindowFunction } from './window-function.ts'

/** Every window function that ships with the engine. */
export const WINDOW_FUNCTIONS: readonly WindowFunction[] = [...RANKING_FUNCTIONS, ...NAVIGATION_FUNCTIONS]
