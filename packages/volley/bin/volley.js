#!/usr/bin/env node
// Runs the bundle where one is built, else the sources (Node strips their types).
import fs from 'node:fs'
import { enableCompileCache, registerHooks } from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `volley needs Node 22.15 or later, this is ${process.versions.node} (in the repository, npx finds the pinned one)`,
  )
  process.exit(2)
}
enableCompileCache()
const bundle = new URL('../dist/cli.js', import.meta.url)
if (fs.existsSync(bundle)) {
  await import(bundle.href)
} else {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: ['@volley/source', ...context.conditions] }),
  })
  await import(new URL('../src/cli/main.ts', import.meta.url).href)
}
