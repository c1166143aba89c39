// Holds the package table of ARCHITECTURE.md: what each package may import of ours, and that the packages meant for browsers
// keep Node built-ins out of everything their main entry reaches.
import fs from 'node:fs'
import path from 'node:path'
import { builtinModules } from 'node:module'

const mayImport = {
  kernels: [],
  core: ['kernels'],
  planner: ['core'],
  sql: ['core', 'planner'],
  tantivy: ['kernels'],
  storage: [],
  metastore: ['storage'],
  codec: ['core', 'planner'],
  splits: ['kernels', 'core', 'planner', 'codec', 'tantivy', 'storage', 'metastore'],
  cluster: ['planner'],
  worker: ['core', 'codec', 'planner'],
  volley: [
    'kernels',
    'core',
    'planner',
    'sql',
    'tantivy',
    'storage',
    'metastore',
    'codec',
    'splits',
    'cluster',
    'worker',
  ],
}
mayImport.testing = Object.keys(mayImport)
const noNodeBuiltins = ['kernels', 'core', 'planner', 'sql', 'tantivy', 'codec', 'storage', 'metastore', 'splits']
const npmName = (dir) => (dir === 'volley' ? 'volley' : `@volley/${dir}`)
const dirOf = Object.fromEntries(Object.keys(mayImport).map((dir) => [npmName(dir), dir]))
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]))
// The one exception: the arena's unit of account comes from kernels through core's types, so core's users may name it.
const alsoKernels = new Set(['planner', 'sql', 'codec', 'worker', 'volley', 'testing'])

const problems = []
const sourceFiles = (dir) =>
  fs.existsSync(dir)
    ? fs
        .readdirSync(dir, { recursive: true })
        .filter((name) => /\.m?[tj]s$/.test(name) && !name.includes('generated'))
        .map((name) => path.join(dir, name))
    : []
const importsOf = (file) =>
  [
    ...fs
      .readFileSync(file, 'utf8')
      .matchAll(
        /^(?:import|export)\s[^;'"`]*?\bfrom\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
      ),
  ].map((match) => match[1] ?? match[2] ?? match[3])

const listed = fs.readdirSync('packages').sort()
for (const dir of listed) if (!(dir in mayImport)) problems.push(`packages/${dir}: not in the table`)

for (const [dir, allowed] of Object.entries(mayImport)) {
  const root = path.join('packages', dir)
  if (!fs.existsSync(root)) continue
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
  for (const name of declared) {
    if (name in dirOf && !allowed.includes(dirOf[name]) && !(dirOf[name] === 'kernels' && alsoKernels.has(dir))) {
      problems.push(`${root}/package.json: depends on ${name}, which the table does not allow`)
    }
  }
  for (const file of sourceFiles(path.join(root, 'src'))) {
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        const target = path.resolve(path.dirname(file), specifier)
        if (!target.startsWith(path.resolve(root) + path.sep)) problems.push(`${file}: ${specifier} leaves the package`)
        continue
      }
      if (builtins.has(specifier)) continue
      const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]
      if (name !== manifest.name && !declared.has(name))
        problems.push(`${file}: imports ${name}, which package.json does not list`)
    }
  }
  if (noNodeBuiltins.includes(dir)) {
    const seen = new Set()
    const walk = (file, from) => {
      if (seen.has(file) || !fs.existsSync(file)) return
      seen.add(file)
      for (const specifier of importsOf(file)) {
        if (builtins.has(specifier)) problems.push(`${file}: ${specifier} is reached from the main entry (${from})`)
        else if (specifier.startsWith('.')) walk(path.join(path.dirname(file), specifier), from)
      }
    }
    walk(path.join(root, 'src/index.ts'), 'src/index.ts')
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'))
  console.error(`${problems.length} boundary problems`)
  process.exit(1)
}
console.log(`boundaries hold in ${listed.length} packages`)
