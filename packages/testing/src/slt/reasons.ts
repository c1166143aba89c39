import type { Failure } from './failure.ts'

interface Reason {
  readonly title: string
  readonly text: string
  readonly matches: (failure: Failure) => boolean
}

const says = (pattern: RegExp) => (failure: Failure) => pattern.test(failure.reason)
const asks = (pattern: RegExp) => (failure: Failure) => pattern.test(failure.sql)
const ARROW_NAME =
  /\b(?:Null|Boolean|U?Int(?:8|16|32|64)|Float(?:16|32|64)|Decimal(?:32|64|128|256)|Utf8(?:View)?|LargeUtf8|Binary(?:View)?|Date(?:32|64)|Time(?:32|64)|Timestamp|Interval|Duration|(?:Large|FixedSize)?List|Dictionary|RunEndEncoded|Struct)\b/

/** Why a query fails, the first that matches; what none matches is listed as not explained. */
const REASONS: readonly Reason[] = [
  {
    title: 'Files that the selection does not have',
    text: "The table is made of a file of the peer's repository that does not come with the selection, or in an included file that is not part of it.",
    matches: says(
      /table "[^"]*" (?:was not made: .*"[^"]*(?:\.\.\/|test_files)[^"]*" does not exist|is made by no statement)/,
    ),
  },
  {
    title: 'Unions, values beyond 38 digits, negative scales',
    text: 'Types that the engine does not have. Each is refused with an error. Decimals may be declared with up to 76 digits, but a value has at most 38; half floats compute in single precision.',
    matches: says(/out of range: at most|decimal\(\d+, -|numeric out of range|Arrow type|record\[\]|union_/i),
  },
  {
    title: 'Arrow types of results',
    text: 'The value is the same; its type has another name. Integer literals are `integer` and decimal literals `numeric`, as in PostgreSQL; `sum` of integers is an exact decimal; `timestamp` counts microseconds; means of decimals are decimals with 16 digits behind the point or more, and medians doubles; layouts of one type (large, view, dictionary) do not go through every function.',
    matches: (failure) => /^(?:line|\d+ lines)/.test(failure.reason) && ARROW_NAME.test(expectedOf(failure.reason)),
  },
  {
    title: 'Timestamps minus timestamps, and dates plus intervals',
    text: 'As in PostgreSQL, two timestamps or times subtract to an interval (the peer: a duration), and a date plus an interval is a timestamp (the peer: a date).',
    matches: (failure) =>
      /days -?\d+ hours|secs/.test(expectedOf(failure.reason)) ||
      /arith_(?:date_interval|date_integer|time|interval)/.test(failure.at) ||
      (asks(/date|interval/i)(failure) && /T00:00:00", not "\d{4}-\d\d-\d\d"/.test(failure.reason)),
  },
  {
    title: 'Time zones',
    text: 'Zones follow PostgreSQL: `AT TIME ZONE` of a zoned timestamp, or of a text with a zone, gives local time without a zone; `timestamp` ignores a written zone; `now()` has none; a table keeps the zone that it was made in.',
    matches: (failure) =>
      /(?:timezone|to_timestamp_timezone)\.slt/.test(failure.at) ||
      /[+-]\d\d:\d\d|T\d\d:\d\d:\d\dZ/.test(expectedOf(failure.reason)) ||
      (/time zone/i.test(failure.sql) && /timestamps\.slt/.test(failure.at)),
  },
  {
    title: 'Nanoseconds',
    text: "`timestamp` and `time` have microseconds, as in PostgreSQL; the peer's have nanoseconds. A text with finer digits rounds, and so does a cast to fewer digits; `timestamp(9)` keeps them. Bins that overflow are errors, not NULL.",
    matches: (failure) =>
      /\d\d:\d\d:\d\d/.test(expectedOf(failure.reason)) || /nanos|to_timestamp|date_bin|::timestamp/i.test(failure.sql),
  },
  {
    title: 'Fields of seconds',
    text: '`date_part` and `extract` of seconds, milliseconds and microseconds have fractions and `epoch` is exact, as in PostgreSQL; the peer gives whole numbers.',
    matches: (failure) => /date_part\.slt/.test(failure.at) || /extract|date_part/i.test(failure.sql),
  },
  {
    title: 'Exact numbers',
    text: 'Number literals are exact decimals, doubles round half to even, sums and averages of decimals keep all digits, `float` is double precision as in PostgreSQL (single in the peer), and functions of `real` compute in double precision; the peer computes these in floating point or cuts digits off.',
    matches: (failure) =>
      /^line \d+ is/.test(failure.reason) &&
      ((sameShape(failure.reason) && !/approx_|limit/i.test(failure.sql)) ||
        /round\(|decimal\(38,0\)/.test(failure.sql)),
  },
  {
    title: 'Approximate percentiles and counts',
    text: '`approx_percentile_cont`, `approx_median` and `approx_distinct` are exact here or sketch in another way.',
    matches: asks(/approx_|percentile_cont|quantile|median/i),
  },
  {
    title: 'Order that nothing asks for',
    text: "LIMIT without ORDER BY, windows without an order, and joins of unsorted inputs: any rows are right, and these are others than the peer's.",
    matches: (failure) =>
      /^(?:line \d+ is|\d+ lines)/.test(failure.reason) &&
      /limit|over\s*\(|array_agg|first_value|last_value|join/i.test(failure.sql),
  },
  {
    title: 'What PostgreSQL answers and the peer refuses',
    text: 'The peer has an error here where PostgreSQL, or the engine for a construct that PostgreSQL does not have, has an answer: factors of intervals, LATERAL that reads computed columns, NULLs as arguments, DISTINCT with ORDER BY in windows, frames that begin behind their end, `varchar(n)` that cuts.',
    matches: says(/^no error/),
  },
  {
    title: 'What PostgreSQL refuses and the peer answers',
    text: 'Logarithms of zero and of negative numbers, division by zero, overflow, values out of range and casts that lose everything are errors, as in PostgreSQL; so are columns that are neither grouped nor aggregated.',
    matches: says(
      /logarithm|division by zero|out of range|invalid input syntax|cannot be matched|must appear in the GROUP BY|cannot cast|does not exist: (?:-|text|integer|record|interval|time|bytea|timestamp)|operator does not exist|positive|greater than zero|null character|specified more than once|ambiguous|position \d+ is not|must be an integer|complex result/,
    ),
  },
  {
    title: 'Text of binary values, floats and lists',
    text: 'A cast to text writes what PostgreSQL writes: `\\x6162` for bytes, `1e+20` for floats, `2024-01-15 10:30:00` for timestamps in a list; `varchar(n)` cuts.',
    matches: (failure) =>
      /\\x|1e\+|array_to_string/.test(failure.reason) || /array_to_string|varchar|concat/i.test(failure.sql),
  },
  {
    title: 'Statements about the catalog',
    text: "DESCRIBE, SHOW CREATE and names without folding show the engine's own columns and names.",
    matches: (failure) => /describe|ident_normalization|information_schema|show create/i.test(failure.at + failure.sql),
  },
  {
    title: 'Dialects',
    text: "MySQL's `interval '1' + '1' month` is an interval with an alias here, and SIMILAR TO takes `.` as a plain character, both as in PostgreSQL; a derived table has no names of the tables in it; a month is 30 days long where intervals are compared.",
    matches: asks(/^\s*select -?interval .*(?:month|year)|similar to|as l\s|interval_group_test/is),
  },
  {
    title: 'Not supported',
    text: 'Each is refused with an error that says so: BLAKE digests, UNNEST in GROUP BY, `count(table.*)`, structs in Parquet files, COPY into partitions, days added to `Date64`, names of the tables inside of a derived table, and columns named as the peer names expressions.',
    matches: says(
      /not supported|does not exist|there is no|WITHIN GROUP|specified, but|requires an OVER|not an aggregate|not allowed/,
    ),
  },
  {
    title: 'Empty lists, NULLs, nested UNNEST and column names',
    text: '`array_length` of an empty list is NULL, and so is `list[-1]`; DISTINCT and GROUP BY take NULLs for equal; columns of NULLs are text; an UNNEST inside of another is expanded first, beside the others of its level; columns without a name are `?column?`. All as in PostgreSQL.',
    matches: (failure) => /array_|NULL|columns, not|unnest\(unnest/.test(failure.reason + failure.sql),
  },
]

function expectedOf(reason: string): string {
  return /, not (.*)$/s.exec(reason)?.[1] ?? ''
}

/** Whether both lines are alike but for numbers. */
function sameShape(reason: string): boolean {
  const [, actual, expected] = /^line \d+ is (".*"), not (".*")$/s.exec(reason) ?? []
  if (actual === undefined || expected === undefined) return false
  const shape = (text: string): string => text.replaceAll(/-?\d+(?:\.\d+)?/g, '#')
  return shape(actual) === shape(expected) && /\d\.\d/.test(actual + expected)
}

/** The failures under their reasons, as Markdown. `place` shortens a position. */
export function differencesText(failures: readonly Failure[], place: (at: string) => string): string {
  const groups = new Map<Reason, Failure[]>(REASONS.map((reason) => [reason, []]))
  const rest: Failure[] = []
  for (const failure of failures) {
    const reason = REASONS.find((candidate) => candidate.matches(failure))
    if (reason === undefined) rest.push(failure)
    else groups.get(reason)!.push(failure)
  }
  const section = (title: string, text: string, members: readonly Failure[]): string[] => {
    const byFile = Map.groupBy(members, ({ at }) => place(at).replace(/:\d+$/, ''))
    const lines = [...byFile].map(
      ([file, some]) => `- \`${file}\`: ${some.map(({ at }) => /\d+$/.exec(at)![0]).join(', ')}`,
    )
    return [`## ${title} (${members.length})`, '', text, '', ...lines, '']
  }
  const parts = [...groups]
    .filter(([, members]) => members.length > 0)
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([{ title, text }, members]) => section(title, text, members))
  const unexplained =
    rest.length === 0 ? [] : section('Wrong or not yet explained', 'To be looked at: these may be errors.', rest)
  return [
    "# Differences from DataFusion's tests",
    '',
    `Written by \`npm run slt -- DIR --differences docs/differences.md\`. Each query of the sqllogictest files that does not give the peer's answer (${failures.length} of them) is listed under its reason, by file and line. PostgreSQL's answer wins for values, NULLs, errors and time zones.`,
    '',
    ...parts,
    ...unexplained,
  ].join('\n')
}
