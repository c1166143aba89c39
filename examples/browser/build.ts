// Bundles the page with the engine into dist/: `main.js`, and chunks that load when SQL is first run.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'

export const pageFolder: string = fileURLToPath(new URL('.', import.meta.url))

export async function buildPage(dir: string = path.join(pageFolder, 'dist')): Promise<void> {
  const bundle = await rolldown({
    cwd: pageFolder,
    input: 'src/main.ts',
    platform: 'browser',
    resolve: { conditionNames: ['@volley/source', 'browser', 'import', 'module', 'default'] },
    // The SQL parser reads a file where it runs in Node.
    external: ['node:fs/promises'],
    plugins: [sqlParser()],
  })
  await bundle.write({ dir, format: 'esm', minify: true, cleanDir: true })
}

/** The SQL parser finds its WebAssembly beside its own file: puts it beside the chunks. */
function sqlParser(): Plugin {
  const wasm = 'sqlparser_rs_wasm_bg.wasm'
  return {
    name: 'sql-parser',
    transform: {
      filter: { id: /sqlparser-ts[\\/]dist[\\/]index\.mjs$/ },
      handler(code, id) {
        const source = fs.readFileSync(path.join(path.dirname(id), '../wasm', wasm))
        this.emitFile({ type: 'asset', fileName: wasm, source })
        return code.replaceAll('/* @vite-ignore */', '').replaceAll(`../wasm/${wasm}`, `./${wasm}`)
      },
    },
  }
}
