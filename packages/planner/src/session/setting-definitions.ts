/** What a setting accepts, and how its value is written back by SHOW. */
export interface SettingDefinition {
  readonly name: string
  readonly description: string
  readonly defaultValue: string
  /** The value in its normal form, or null when it is not one. */
  parse(value: string): string | null
  /** What `parse` wants, for the message. */
  readonly expects: string
}

type Parser = Pick<SettingDefinition, 'parse' | 'expects'>

function integer(min: number, max: number): Parser {
  return {
    expects: `an integer from ${min} to ${max}`,
    parse: (value) => {
      if (!/^\d{1,15}$/.test(value.trim())) return null
      const number = Number(value)
      return number >= min && number <= max ? String(number) : null
    },
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

/** A number of bytes, also written with a unit: `512MB`, `10 MiB`. */
const bytes: Parser = {
  expects: 'a number of bytes, such as 10485760 or 10MiB',
  parse: (value) => {
    const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/.exec(value.trim().toLowerCase())
    const unit = match === null ? undefined : UNITS[match[2]!]
    return unit === undefined ? null : String(Math.floor(Number(match![1]) * unit))
  },
}

/** `on` or `off`, and what else PostgreSQL takes for a boolean. */
export const onOff: Parser = {
  expects: 'on or off',
  parse: (value) => {
    const word = value.trim().toLowerCase()
    if (['on', 'true', 'yes', '1', 't'].includes(word)) return 'on'
    return ['off', 'false', 'no', '0', 'f'].includes(word) ? 'off' : null
  },
}

function oneOf(...words: string[]): Parser {
  return {
    expects: words.join(' or '),
    parse: (value) => (words.includes(value.trim().toLowerCase()) ? value.trim().toLowerCase() : null),
  }
}

const anyText: Parser = { expects: 'text', parse: (value) => value }

/** Every setting but the rules' switches. `cores` is the default of target_partitions, `memory` that of memory_limit. */
export function settingDefinitions(cores: number, memory: number): readonly SettingDefinition[] {
  return [
    {
      name: 'target_partitions',
      description: 'partitions of a task',
      defaultValue: String(Math.max(1, Math.min(1024, cores))),
      ...integer(1, 1024),
    },
    { name: 'batch_size', description: 'rows that a batch aims at', defaultValue: '4096', ...integer(1, 1_048_576) },
    {
      name: 'memory_limit',
      description: 'bytes that the queries of a session may hold together, in each process; 0 is no limit',
      defaultValue: String(memory),
      ...bytes,
    },
    {
      name: 'max_bytes_scanned',
      description: 'a query that would read more bytes of splits is refused; 0 is no limit',
      defaultValue: '0',
      ...bytes,
    },
    {
      name: 'broadcast_threshold_bytes',
      description: 'a join side estimated below it is collected and sent to every task',
      defaultValue: '10485760',
      ...bytes,
    },
    {
      name: 'adaptive_joins',
      description: 'joins are run the other way when their build side turns out far from its estimate',
      defaultValue: 'on',
      ...onOff,
    },
    {
      name: 'join_mode',
      description: 'how joins on keys are run where there is a choice; auto goes by estimated bytes',
      defaultValue: 'auto',
      ...oneOf('auto', 'collect_left', 'partitioned', 'lookup', 'sort_merge'),
    },
    {
      name: 'repartition_groups_above',
      description: 'a GROUP BY estimated to have more groups is finished in several partitions',
      defaultValue: '10000',
      ...integer(0, 1_000_000_000_000),
    },
    {
      name: 'scoring',
      description: "statistics behind score(): the split's, or those of all splits",
      defaultValue: 'split',
      ...oneOf('split', 'global'),
    },
    {
      name: 'resident_columns',
      description: 'columns of tables in memory stay as the engine has them, once they were read',
      defaultValue: 'on',
      ...onOff,
    },
    {
      name: 'resident_terms',
      description: 'dictionaries of text columns of open splits stay decoded, once they were read',
      defaultValue: 'on',
      ...onOff,
    },
    {
      name: 'resident_paths',
      description: 'texts at JSON paths stay with open splits, once they were read from documents',
      defaultValue: 'on',
      ...onOff,
    },
    {
      name: 'remember_plans',
      description: 'a statement that comes again is not planned again, as long as its tables and settings are the same',
      defaultValue: 'on',
      ...onOff,
    },
    {
      name: 'parquet_pruning',
      description: 'row groups, pages and rows of Parquet files that conditions drop are not decoded',
      defaultValue: 'on',
      ...onOff,
    },
    {
      name: 'statement_timeout',
      description: 'milliseconds; 0 is no limit',
      defaultValue: '0',
      ...integer(0, 2_147_483_647),
    },
    { name: 'timezone', description: 'zone of timestamps with a zone', defaultValue: 'UTC', ...anyText },
  ]
}
