import fs from 'node:fs'
import path from 'node:path'
import { functionReference } from './reference.ts'

const file = path.resolve(import.meta.dirname, '../../../../docs/functions.md')
fs.writeFileSync(file, functionReference())
console.log(path.relative(process.cwd(), file))
