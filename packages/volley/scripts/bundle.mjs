// Bundles the command line with all that it imports into dist/bundle/: one entry for the process, one for the threads of
// a worker, chunks for what a command loads when it needs it. bin/volley.js runs it unless a source is newer.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = path.join(root, 'dist/bundle')
const started = new Date()

const bundle = await rolldown({
  cwd: root,
  input: { cli: 'src/cli/main.ts', 'task-thread-entry': 'src/task-thread-entry.ts' },
  platform: 'node',
  resolve: { conditionNames: ['@volley/source', 'node', 'import', 'module', 'default'] },
  plugins: [sqlParser()],
})
const shape = { dir: out, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' }
const together = alwaysLoaded((await bundle.generate(shape)).output)
await bundle.write({
  ...shape,
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  cleanDir: true,
  codeSplitting: { groups: [{ name: 'engine', test: (id) => together.has(id) }] },
})
// As old as the sources that it was made of.
fs.utimesSync(path.join(out, 'cli.js'), started, started)

/** Modules that `volley sql` loads, whatever the query: in one file, because finding and linking thirty takes 50 ms. */
function alwaysLoaded(chunks) {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const files = new Set()
  const visit = (file) => {
    if (files.has(file) || !byFile.has(file)) return
    files.add(file)
    byFile.get(file).imports.forEach(visit)
  }
  for (const chunk of chunks) if (chunk.facadeModuleId?.endsWith('cli/commands/sql.ts')) visit(chunk.fileName)
  return new Set([...files].flatMap((file) => byFile.get(file).moduleIds))
}

/**
 * Puts the SQL parser's WebAssembly beside the chunks, and starts it fast: without fetch's classes, which take 40 ms to load,
 * and without validating functions before they run, which takes 20.
 */
function sqlParser() {
  const file = 'sqlparser_rs_wasm_bg.wasm'
  const changes = [
    [`"../wasm/${file}"`, `"./${file}"`],
    ['/* @vite-ignore */', ''],
    [
      'await wasm.default({ module_or_path: bytes })',
      `const { setFlagsFromString } = await import('node:v8')
      setFlagsFromString('--wasm-lazy-validation')
      wasm.initSync({ module: bytes })
      setFlagsFromString('--no-wasm-lazy-validation')`,
    ],
  ]
  return {
    name: 'sql-parser',
    transform: {
      filter: { id: /sqlparser-ts[\\/]dist[\\/]index\.mjs$/ },
      handler(code, id) {
        this.emitFile({
          type: 'asset',
          fileName: file,
          source: fs.readFileSync(path.join(path.dirname(id), '../wasm', file)),
        })
        return changes.reduce((text, [from, to]) => {
          if (!text.includes(from)) this.error(`${id} has changed: it lacks ${from}`)
          return text.replaceAll(from, to)
        }, code)
      },
    },
  }
}
