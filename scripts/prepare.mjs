// Runs after `npm ci`: compiles what packages generate from other sources (kernels, protobuf), then bundles the command
// line. Each package that generates something has scripts/build.mjs; nothing generated is committed.
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'

const run = (script) => spawnSync(process.execPath, [script], { stdio: 'inherit' }).status

for (const dir of fs.readdirSync('packages')) {
  const script = `packages/${dir}/scripts/build.mjs`
  const status = fs.existsSync(script) ? run(script) : 0
  if (status !== 0) process.exit(status ?? 1)
}
if (run('packages/volley/scripts/bundle.mjs') !== 0) {
  console.error('the command line is not bundled: it starts slower, from its sources')
}
