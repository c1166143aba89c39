export { dealAgain, liveDocuments, type Corpus, type PlacedDocument } from './corpus/corpus.ts'
export { inputOf, type SampleDocument } from './corpus/sample-document.ts'
export { sampleMappings, type MappingAge } from './corpus/sample-mapping.ts'
export { TestTree, type PublishedSplit } from './corpus/test-tree.ts'
