import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'

const launcher = fileURLToPath(new URL('../bin/volley.js', import.meta.url))
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

/** A tree with the launcher, a bundle and sources that say their names; times in minutes from now. */
function tree(options: { readonly clone: boolean; readonly bundle: number | null; readonly source: number }): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-launcher-'))
  folders.push(root)
  const write = (name: string, text: string, minutes = -60): void => {
    const file = path.join(root, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
    const time = new Date(Date.now() + minutes * 60_000)
    fs.utimesSync(file, time, time)
    fs.utimesSync(path.dirname(file), time, time)
  }
  write('packages/volley/package.json', '{ "type": "module" }')
  write('packages/volley/bin/volley.js', fs.readFileSync(launcher, 'utf8'))
  write('packages/volley/src/cli/main.ts', "const said: string = 'sources'\nconsole.log(said)\n")
  write('packages/core/src/plan/node.ts', '', options.source)
  for (const name of ['packages/core/src', 'packages/volley/src']) {
    const old = new Date(Date.now() - 3_600_000)
    fs.utimesSync(path.join(root, name), old, old)
  }
  if (options.clone) write('packages/volley/scripts/bundle.mjs', '')
  if (options.bundle !== null) {
    write('packages/volley/dist/bundle/cli.js', "console.log('bundle')\n", options.bundle)
  }
  return path.join(root, 'packages/volley/bin/volley.js')
}

function run(file: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  return stdout.trim() || stderr
}

describe('bin/volley.js', () => {
  test('runs the bundle of a clone while no source is newer', () => {
    expect(run(tree({ clone: true, bundle: -10, source: -20 }))).toBe('bundle')
  })

  test('runs the sources after one has been changed, in whatever package', () => {
    expect(run(tree({ clone: true, bundle: -10, source: -5 }))).toBe('sources')
  })

  test('runs the sources where no bundle is', () => {
    expect(run(tree({ clone: true, bundle: null, source: -5 }))).toBe('sources')
  })

  test('runs the bundle of an installed package, whatever the times of its files', () => {
    expect(run(tree({ clone: false, bundle: -10, source: -5 }))).toBe('bundle')
  })
})
