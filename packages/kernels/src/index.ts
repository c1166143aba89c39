export { Arena, ArenaExhaustedError, type ArenaOptions } from './arena.ts'
export { Region } from './region.ts'
