import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { TestTree } from '../../src/index.ts'

export const fixtures: string = fileURLToPath(new URL('../../../../fixtures', import.meta.url))

/** Copies a fixture's indexes into a tree, their real place put into the metastore files; gives the metastore's URI. */
export function installFixture(tree: TestTree, name: 'demo' | 'quickwit'): string {
  const root = path.join(tree.root, name)
  fs.cpSync(path.join(fixtures, name, 'indexes'), path.join(root, 'indexes'), { recursive: true })
  for (const entry of fs.readdirSync(path.join(root, 'indexes'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const file = path.join(root, 'indexes', entry.name, 'metastore.json')
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('file:///QW_ROOT/', `${pathToFileURL(root).href}/`))
  }
  return pathToFileURL(path.join(root, 'indexes')).href
}
