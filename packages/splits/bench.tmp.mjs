import { readFileSync } from 'node:fs'
import { MemoryStore } from '@volley/storage'
import * as S from './src/index.ts'
import { dumpIndex } from '@volley/tantivy'
const f = process.argv[2]
const store = new MemoryStore()
await store.put('a.split', readFileSync(f))
const footer = await S.readSplitFooter(store, 'a.split')
const dir = new S.BundleDirectory(store, 'a.split', footer)
for await (const l of dumpIndex(dir))
  if (l.includes('"kind":"doc"') && l.includes('object')) {
    console.log(l.slice(0, 600))
    break
  }
