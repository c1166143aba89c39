import { AGGREGATE_FUNCTIONS, SCALAR_FUNCTIONS, WINDOW_FUNCTIONS, type FunctionExample } from '@volley/core'
import { SPECIAL_FUNCTIONS } from '@volley/sql'

/** A function as the reference shows it. */
export interface DescribedFunction {
  readonly name: string
  readonly aliases: readonly string[]
  readonly category: string
  readonly description: string
  readonly examples: readonly FunctionExample[]
}

interface Described {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly description: string
  readonly examples: readonly FunctionExample[]
}

function inCategory(category: string, functions: readonly Described[]): DescribedFunction[] {
  return functions.map(({ name, aliases = [], description, examples }) => ({
    name,
    aliases,
    category,
    description,
    examples,
  }))
}

/** Every function that ships with the engine, by category and name. */
export function describedFunctions(): DescribedFunction[] {
  const special = new Set(SPECIAL_FUNCTIONS.flatMap(({ name, aliases }) => [name, ...aliases]))
  const scalars = SCALAR_FUNCTIONS.filter(({ name }) => !special.has(name)).flatMap((fn) =>
    inCategory(fn.category, [fn]),
  )
  const all = [
    ...scalars,
    ...SPECIAL_FUNCTIONS,
    ...inCategory('aggregate', AGGREGATE_FUNCTIONS),
    ...inCategory('window', WINDOW_FUNCTIONS),
  ]
  return all.sort((a, b) => compare(a.category, b.category) || compare(a.name, b.name))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The function reference as Markdown. */
export function functionReference(): string {
  const functions = describedFunctions()
  const sections = [...Map.groupBy(functions, ({ category }) => category)].flatMap(([category, members]) => [
    `## ${category.slice(0, 1).toUpperCase()}${category.slice(1)}`,
    '',
    ...members.flatMap(entry),
  ])
  return [
    '# Functions',
    '',
    `Written by \`npm run functions\` from the functions' own descriptions: ${functions.length} functions, ${functions.reduce((sum, { aliases }) => sum + aliases.length, 0)} other names of theirs. The results are text, an empty one is NULL. Aggregates are window functions too; beside the calls here there are the operators that a function's description names.`,
    '',
    ...sections,
  ].join('\n')
}

function entry({ name, aliases, description, examples }: DescribedFunction): string[] {
  const others = aliases.length === 0 ? '' : ` Also ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`
  const shown = examples.map(({ sql, result }) => `${sql}  -- ${result}`)
  const block = shown.length === 0 ? [] : ['```sql', ...shown, '```', '']
  return [`### ${name}`, '', `${description}${others}`, '', ...block]
}
