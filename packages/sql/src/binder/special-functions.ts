import type { FunctionExample } from '@volley/core'

/** A function that the binder makes an expression of, so that no registry holds it. */
export interface SpecialFunction {
  readonly name: string
  readonly aliases: readonly string[]
  readonly category: string
  readonly description: string
  readonly examples: readonly FunctionExample[]
}

function special(
  category: string,
  names: readonly [string, ...string[]],
  description: string,
  examples: readonly (readonly [sql: string, result: string])[] = [],
): SpecialFunction {
  const [name, ...aliases] = names
  return { name, aliases, category, description, examples: examples.map(([sql, result]) => ({ sql, result })) }
}

/** What `bindCall` knows beside the registry. */
export const SPECIAL_FUNCTIONS: readonly SpecialFunction[] = [
  special(
    'full text',
    ['match'],
    "Whether a text column has all words of a text, or whether it matches a query: `match(message, 'timeout')`.",
  ),
  special(
    'full text',
    ['phrase'],
    "Whether a text column has the words of a text one behind the other: `phrase(message, 'connection reset')`.",
  ),
  special('full text', ['score'], 'The BM25 score of a row under the full-text predicate of its query.'),
  special(
    'grouping',
    ['grouping', 'grouping_id'],
    'A bit for each argument, 1 where it is not part of the grouping set of the row.',
  ),
  special('conditional', ['coalesce'], 'The first argument that is not NULL.', [["coalesce(NULL, 'a', 'b')", 'a']]),
  special('conditional', ['ifnull', 'nvl'], 'The first argument, or the second where the first is NULL.', [
    ["ifnull(NULL, 'none')", 'none'],
  ]),
  special('conditional', ['nvl2'], 'The second argument where the first is not NULL, else the third.', [
    ['nvl2(NULL, 1, 2)', '2'],
  ]),
  special('conditional', ['nullif'], 'The first argument, or NULL where it equals the second.', [
    ['nullif(1, 2)', '1'],
  ]),
  special('conditional', ['if', 'iif'], 'The second argument where the first is true, else the third.', [
    ["if(1 < 2, 'yes', 'no')", 'yes'],
  ]),
  special('type', ['arrow_cast'], 'A value as a value of an Arrow type, by its name.', [
    ["arrow_typeof(arrow_cast(1, 'Int8'))", 'Int8'],
  ]),
  special('type', ['arrow_try_cast'], 'As arrow_cast; NULL where the value does not fit.', [
    ["arrow_try_cast('x', 'Int8')", ''],
  ]),
  special('type', ['cast_to_type'], 'A value as a value of the type of another.', [["cast_to_type('7', 1)", '7']]),
  special('type', ['try_cast_to_type'], 'As cast_to_type; NULL where the value does not fit.', [
    ["try_cast_to_type('x', 1)", ''],
  ]),
  special('array', ['unnest'], 'A row for each item of a list, in SELECT and, as a table, in FROM.', [
    ['unnest(ARRAY[7])', '7'],
  ]),
  special('array', ['unnest_outer'], 'As unnest in SELECT, and one row of NULL for a list without items.', [
    ['unnest_outer(ARRAY[7])', '7'],
  ]),
  special(
    'date and time',
    ['now', 'current_timestamp', 'localtimestamp', 'transaction_timestamp', 'statement_timestamp'],
    'The time at which the statement began.',
    [['now() = current_timestamp', 'true']],
  ),
  special('date and time', ['current_date', 'today'], 'The date at which the statement began.', [
    ['current_date = today()', 'true'],
  ]),
  special('date and time', ['current_time', 'localtime'], 'The time of day at which the statement began.', [
    ['current_time = localtime', 'true'],
  ]),
]
