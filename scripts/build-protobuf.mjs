// Compiles a package's proto/*.proto to src/generated/ (static code, no eval, so that it runs under any content security
// policy) and copies it to dist/generated/, where the compiled sources look for it.
import fs from 'node:fs'
import path from 'node:path'
import pbjs from 'protobufjs-cli/pbjs.js'

/**
 * `root` is the package's folder; `name` tells its messages from other packages' in protobufjs's global registry. 64-bit
 * fields become plain numbers with `numbers`, for values that stay below 2^53.
 */
export function buildProtobuf(root, name, { numbers = false } = {}) {
  const protos = fs
    .readdirSync(path.join(root, 'proto'))
    .sort()
    .map((file) => path.join(root, 'proto', file))
  const out = path.join(root, 'src/generated/messages.js')
  const flags = ['--no-verify', '--no-convert', '--no-delimited', '--no-typeurl', '--no-create', '--no-service']
  if (numbers) flags.push('--force-number')
  fs.mkdirSync(path.dirname(out), { recursive: true })
  const target = ['-t', 'static-module', '-w', 'esm', '-r', name, '--dependency', 'protobufjs/minimal.js']
  pbjs.main([...target, ...flags, '-d', '-o', out, '-p', path.join(root, 'proto'), ...protos], (error) => {
    if (error) throw error
    fs.cpSync(path.dirname(out), path.join(root, 'dist/generated'), { recursive: true })
  })
}
