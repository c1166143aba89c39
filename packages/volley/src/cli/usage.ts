export const usage = `volley: SQL over Quickwit's splits

  volley sql [SQL | -f FILE | -]        runs statements and prints their rows
  volley explain [--analyze] SQL        shows how a query runs, or ran
  volley index list | describe ID       what the metastore has
  volley worker [--listen HOST:PORT]    runs tasks for coordinators (port 0 picks one)
  volley dump PATH                      an index directory, a .split or a columnar file as JSON lines
  volley demo                           finds the cause of an incident in a web shop's logs and traces

Options of sql, explain and index
  --metastore URI      file:///path/to/indexes (or VOLLEY_METASTORE, or metastore in volley.yaml)
  --workers N          starts N local worker processes for the command; 0 runs in process
  --worker HOST:PORT   uses a running worker; may be repeated
  --threads N          threads of the process for a query; default all cores
  --set KEY=VALUE      a setting, such as target_partitions=4 or rules.AggPushdown=off; may be repeated
  --format FORMAT      sql: table, ndjson, json, csv; explain: tree, json
                       (default: table on a terminal, else ndjson)

Results go to standard output, everything else to standard error.
Exit status: 0, 1 the query failed, 2 wrong usage, 130 interrupted.`
