// Runs after `npm ci`: compiles what packages generate from other sources (kernels, protobuf). Each package that
// generates something has scripts/build.mjs; nothing generated is committed.
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'

for (const dir of fs.readdirSync('packages')) {
  const script = `packages/${dir}/scripts/build.mjs`
  if (!fs.existsSync(script)) continue
  const result = spawnSync(process.execPath, [script], { stdio: 'inherit' })
  if (result.status !== 0) process.exit(result.status ?? 1)
}
