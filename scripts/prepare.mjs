// Runs after `npm ci`: compiles what packages generate from other sources (kernels, protobuf), then bundles the command
// line, which needs what was generated. Each package that generates something has scripts/build.mjs; nothing generated is
// committed.
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'

const last = ['volley']
const packages = [...fs.readdirSync('packages').filter((dir) => !last.includes(dir)), ...last]
for (const dir of packages) {
  const script = `packages/${dir}/scripts/build.mjs`
  if (!fs.existsSync(script)) continue
  const result = spawnSync(process.execPath, [script], { stdio: 'inherit' })
  if (result.status !== 0) process.exit(result.status ?? 1)
}
