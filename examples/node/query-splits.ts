// SQL with full-text search over Quickwit's splits: give a metastore's URI, or have the demo's.
import { connect } from 'volley'
import { demoTree } from './demo-tree.ts'

const demo = process.argv[2] === undefined ? demoTree() : null
const session = await connect({ metastore: process.argv[2] ?? demo!.metastore })
try {
  const result = await session.sql(`
    SELECT service, count(*) AS messages, max(score()) AS best
    FROM logs
    WHERE message @@ 'timeout OR "connection pool"' AND level = 'ERROR'
    GROUP BY service
    ORDER BY messages DESC`)
  console.table((await result.toTable()).toArray().map((row) => ({ ...row.toJSON() })))
} finally {
  await session.close()
  demo?.remove()
}
