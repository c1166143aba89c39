#!/usr/bin/env node
// Runs the bundle where one is built and no source is newer, else the sources (Node strips their types).
import fs from 'node:fs'
// The whole module: a Node that is too old lacks some of its names, and is to be told so.
import module from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `volley needs Node 22.15 or later, this is ${process.versions.node} (in the repository, npx finds the pinned one)`,
  )
  process.exit(2)
}
module.enableCompileCache()
const bundle = new URL('../dist/bundle/cli.js', import.meta.url)
if (isCurrent(bundle)) {
  await import(bundle.href)
} else {
  module.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: ['@volley/source', ...context.conditions] }),
  })
  await import(new URL('../src/cli/main.ts', import.meta.url).href)
}

/** Whether the bundle exists and, in a clone of the repository, is younger than everything that it is made of. */
function isCurrent(file) {
  const built = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (built === undefined) return false
  const packages = new URL('../../', import.meta.url)
  const lock = new URL('../node_modules/.package-lock.json', packages)
  const inClone = fs.existsSync(new URL('volley/scripts/bundle.mjs', packages))
  if (!inClone) return true
  const newer = (url) => (fs.statSync(url, { throwIfNoEntry: false })?.mtimeMs ?? 0) > built
  return (
    !newer(lock) &&
    !newer(new URL('volley/package.json', packages)) &&
    !sources(packages).some((folder) => hasNewer(folder, newer))
  )
}

function sources(packages) {
  return fs.readdirSync(packages).map((name) => new URL(`${name}/src/`, packages))
}

function hasNewer(folder, newer) {
  if (!fs.existsSync(folder)) return false
  if (newer(folder)) return true
  return fs.readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const url = new URL(entry.isDirectory() ? `${entry.name}/` : entry.name, folder)
    return entry.isDirectory() ? hasNewer(url, newer) : newer(url)
  })
}
