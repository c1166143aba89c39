export { Arena, ArenaExhaustedError, type ArenaOptions } from './arena.ts'
export { Cache, type CacheOptions, Caches } from './caches.ts'
export { GrowingBytes } from './growing-bytes.ts'
export { Region } from './region.ts'
export {
  type CompareOp,
  filterCompareF64,
  filterCompareI32,
  filterCompareI64,
  filterCompareU32,
  filterCompareU64,
} from './filter-compare.ts'
export { allowWasm } from './scratch.ts'
export {
  BLOCK_LENGTH,
  type PackedBlocks,
  unpackBlock,
  unpackDocBlock,
  unpackDocBlocks,
  unpackNumberBlocks,
} from './packed-blocks.ts'
export { type DocBits, withDocBits } from './doc-bits.ts'
export { phrasePair, type PositionedDocs } from './phrase-pair.ts'
export {
  matchColumnLine,
  matchColumnValues,
  type PackedValues,
  unpackColumnValues,
  unpackPresentValues,
  type ValueLine,
  type ValueMapping,
} from './column-values.ts'
export { matchColumnFlags, matchColumnRowFlags, matchColumnRows } from './column-matches.ts'
export { unpackListedValues } from './column-lists.ts'
export { countCharacters } from './count-characters.ts'
export { countPackedValues } from './count-values.ts'
export { boundPackedValues } from './bound-values.ts'
export { sumPackedValues } from './sum-values.ts'
export { concatWords } from './concat-words.ts'
export { copyTexts } from './copy-texts.ts'
export { gatherEntries, selectCodes, unpackBits } from './dictionary-codes.ts'
export { measureTexts, takeTexts } from './plain-texts.ts'
export { SLACK_BYTES, uncompressSnappy } from './snappy.ts'
export type { FixedColumn } from './fixed-column.ts'
export {
  bestOfGroups,
  countGroups,
  type KernelRows,
  sumGroupFloats,
  sumGroups,
  writeIntegers,
  writeSums,
} from './group-sums.ts'
export { KeyTable } from './key-table.ts'
export { boundIntegers, sumIntegers } from './fold-column.ts'
export { type KeyRange, PlaceTable } from './place-table.ts'
export { numbersOfCodes, writeKeys } from './write-keys.ts'
export { TextTable } from './text-table.ts'
export { type FloatFold, foldFloats } from './fold-floats.ts'
export { foldIntegers, type IntegerFold } from './fold-integers.ts'
export { selectContaining } from './select-containing.ts'
export { SCORE_WINDOW, type ScoreFormula, ScoreWindow, withScoreWindow } from './score-window.ts'
export { addDecimals, multiplyDecimals, type DecimalSide } from './decimals.ts'
export { sumDecimals, type WideColumn } from './sum-decimals.ts'
export { selectKeyBits } from './key-bits.ts'
export { gatherTexts } from './gather-texts.ts'
export { filterPairsI128, filterPairsI32, type PairSide } from './filter-pairs.ts'
export { gatherWords } from './gather-values.ts'
export { widenIntegers } from './widen-integers.ts'
