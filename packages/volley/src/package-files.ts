import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A file of this package, whether the code runs from src/, from dist/ or from the bundle below it. */
export function packageFile(name: string): string {
  let folder = new URL('.', import.meta.url)
  while (!fs.existsSync(new URL('package.json', folder))) {
    const parent = new URL('..', folder)
    if (parent.href === folder.href) throw new Error('the volley package is incomplete: it has no package.json')
    folder = parent
  }
  return fileURLToPath(new URL(name, folder))
}

const fromSources = import.meta.url.endsWith('.ts')

/** What the threads of a worker run: the entry that lies beside this code, and how Node starts it. */
export const taskThread: { readonly entry: URL; readonly execArgv: readonly string[] } = {
  entry: new URL(fromSources ? './task-thread-entry.ts' : './task-thread-entry.js', import.meta.url),
  execArgv: fromSources ? ['-C', '@volley/source'] : [],
}
