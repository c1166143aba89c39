// DuckDB over the demo's documents: the oracle for fixtures/demo-sql and the peer in bench/.
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'

const columns = {
  logs: {
    timestamp: 'TIMESTAMP_MS',
    service: 'VARCHAR',
    level: 'VARCHAR',
    message: 'VARCHAR',
    host: 'VARCHAR',
    region: 'VARCHAR',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    attributes: 'JSON',
  },
  traces: {
    start: 'TIMESTAMP_MS',
    trace_id: 'VARCHAR',
    span_id: 'VARCHAR',
    parent_span_id: 'VARCHAR',
    service: 'VARCHAR',
    operation: 'VARCHAR',
    region: 'VARCHAR',
    duration_ms: 'DOUBLE',
    status: 'VARCHAR',
    status_message: 'VARCHAR',
    attributes: 'JSON',
  },
}

/**
 * Loads the documents of fixtures/demo/source into DuckDB tables `logs` and `traces` (a file per table in `scratch` on the way),
 * with a macro `match` that cuts text as the default tokenizer does.
 */
export async function openOracle(fixtures, scratch, threads = 2) {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) })
  const db = await instance.connect()
  for (const [table, types] of Object.entries(columns)) {
    const text = fs
      .readdirSync(path.join(fixtures, 'demo/source'))
      .filter((name) => name.startsWith(`${table}-`))
      .sort()
      .map((name) => unpack(path.join(fixtures, 'demo/source', name)))
    const file = path.join(scratch, `${table}.ndjson`)
    fs.writeFileSync(file, Buffer.concat(text))
    const spec = Object.entries(types).map(([name, type]) => `${name}: '${type}'`)
    await db.run(
      `CREATE TABLE ${table} AS SELECT * FROM read_json('${file}', format = 'newline_delimited', columns = {${spec.join(', ')}})`,
    )
  }
  await db.run(`CREATE MACRO tokens(v) AS regexp_extract_all(lower(v), '[\\p{L}\\p{N}]+')`)
  await db.run(`CREATE MACRO match(v, words) AS coalesce(list_has_all(tokens(v), tokens(words)), false)`)
  return db
}

function unpack(file) {
  return zlib.zstdDecompressSync(fs.readFileSync(file), { params: { [zlib.constants.ZSTD_d_windowLogMax]: 27 } })
}
