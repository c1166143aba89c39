import { fileURLToPath } from 'node:url'
import { buildProtobuf } from '../../../scripts/build-protobuf.mjs'

buildProtobuf(fileURLToPath(new URL('..', import.meta.url)), 'volley-splits', { numbers: true })
