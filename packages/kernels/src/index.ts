export { Arena, ArenaExhaustedError, type ArenaOptions } from './arena.ts'
export { Region } from './region.ts'
export {
  type CompareOp,
  filterCompareF64,
  filterCompareI32,
  filterCompareI64,
  filterCompareU32,
  filterCompareU64,
} from './filter-compare.ts'
