import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A metastore of demo splits in a temporary folder. */
export interface DemoTree {
  /** As `connect` takes it. */
  readonly metastore: string
  remove(): void
}

/** Copies the demo's splits, which Quickwit wrote, and puts their real place into the metastore's files. */
export function demoTree(): DemoTree {
  const source = fileURLToPath(new URL('../../fixtures/demo/indexes', import.meta.url))
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-example-'))
  const indexes = path.join(root, 'indexes')
  fs.cpSync(source, indexes, { recursive: true })
  for (const name of fs.readdirSync(indexes)) {
    const file = path.join(indexes, name, 'metastore.json')
    if (!fs.existsSync(file)) continue
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('file:///QW_ROOT', pathToFileURL(root).href))
  }
  return {
    metastore: pathToFileURL(indexes).href,
    remove: () => fs.rmSync(root, { recursive: true, force: true }),
  }
}
