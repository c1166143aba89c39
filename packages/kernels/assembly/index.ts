// Kernels over the imported memory. Addresses are byte offsets; every kernel has a JavaScript twin in src/.
export { countCharacters } from './characters'
export { boundColumn, sumColumn, writeKeys } from './columns'
export { addPlaces, numberPlaces, numbersOfCodes } from './dense-groups'
export { filterF64, filterI32, filterI64, filterU32, filterU64 } from './filter-compare'
export { filterPairsI128, filterPairsI32 } from './filter-pairs'
export {
  countBits,
  countKept,
  keepBits,
  phrasePair,
  setBits,
  takeBits,
  unpackDocs,
  unpackNumbers,
} from './postings'
export {
  boundPacked,
  matchFlagged,
  matchFlaggedRows,
  matchLine,
  matchRows,
  matchValues,
  sumPacked,
  unpackLine,
  unpackListed,
  unpackPresent,
  unpackValues,
} from './column-values'
export { addDecimals, multiplyDecimals, sumDecimals } from './decimals'
export { gatherTexts } from './gather-texts'
export { gatherValues } from './gather-values'
export { enterKeys, enterTexts, groupKeys, groupTexts } from './grouping'
export { bestIntegers, bestNumbers, countGroups, sumFloats, sumGroups, writeIntegers, writeSums } from './group-sums'
export { countPacked } from './groups'
export { selectKeyBits } from './key-bits'
export { addScores, takeScores } from './scores'
export { selectContaining } from './substring'
export { foldFloats, foldIntegers } from './sums'
export { gatherEntries, selectCodes, unpackBits } from './dictionary-codes'
export { uncompressSnappy } from './snappy'
export { copyTexts, measureTexts, takeTexts } from './texts'
export { widenI16 } from './widen'
