// Compiles proto/*.proto to src/generated/ (static code, no eval, so that it runs under any content security policy) and
// copies it to dist/generated/, where the compiled sources look for it.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pbjs from 'protobufjs-cli/pbjs.js'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const protos = fs
  .readdirSync(path.join(root, 'proto'))
  .sort()
  .map((name) => path.join(root, 'proto', name))
const out = path.join(root, 'src/generated/messages.js')
const flags = [
  '--force-number',
  '--no-verify',
  '--no-convert',
  '--no-delimited',
  '--no-typeurl',
  '--no-create',
  '--no-service',
]
fs.mkdirSync(path.dirname(out), { recursive: true })
pbjs.main(
  [
    '-t',
    'static-module',
    '-w',
    'esm',
    '-r',
    'volley-splits',
    '--dependency',
    'protobufjs/minimal.js',
    ...flags,
    '-d',
    '-o',
    out,
    '-p',
    path.join(root, 'proto'),
    ...protos,
  ],
  (error) => {
    if (error) throw error
    fs.cpSync(path.dirname(out), path.join(root, 'dist/generated'), { recursive: true })
  },
)
