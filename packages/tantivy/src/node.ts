export { nodeDirectory, NodeDirectory } from './node/node-directory.ts'
export { nodeZstdDecompress } from './node/zstd.ts'
