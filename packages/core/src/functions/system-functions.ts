import { arrowTypeName, sqlTypeText } from '../types/type-text.ts'
import { BINARY, UTF8 } from '../types/type-factory.ts'
import { constantVector } from '../vectors/build.ts'
import { defineFunction } from './define.ts'
import { md5 } from './md5.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'

const VERSION = 'PostgreSQL 16.0 (Volley 0.1.0)'

/** Functions about values' types and about the engine. */
export const SYSTEM_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'pg_typeof',
    aliases: ['typeof'],
    category: 'system',
    description: 'The SQL type of a value.',
    examples: [
      ['pg_typeof(1)', 'integer'],
      ["pg_typeof(DATE '2020-01-01')", 'date'],
    ],
    resolve: (argTypes) => (argTypes.length === 1 ? { argTypes, returnType: UTF8, nullable: 'never' } : null),
    evaluate: (call) => constantVector(UTF8, sqlTypeText(call.args[0]!.type), call.length, call.region),
  }),
  defineFunction({
    name: 'arrow_typeof',
    category: 'system',
    description: 'The Arrow type of a value.',
    examples: [["arrow_typeof(TIMESTAMP '2020-01-01')", 'Timestamp(µs)']],
    // The binder puts the name behind the value: vectors do not know of layouts.
    resolve: (argTypes) =>
      argTypes.length === 1 || argTypes.length === 2 ? { argTypes, returnType: UTF8, nullable: 'never' } : null,
    evaluate: (call) =>
      call.args[1] ?? constantVector(UTF8, arrowTypeName(call.args[0]!.type), call.length, call.region),
  }),
  defineFunction({
    name: 'version',
    category: 'system',
    description: 'The version of the engine, after that of the PostgreSQL dialect it speaks.',
    examples: [['version()', VERSION]],
    nullable: 'never',
    overloads: [{ args: [], returns: UTF8 }],
    evaluate: (call) => constantVector(UTF8, VERSION, call.length, call.region),
  }),
  defineFunction({
    name: 'md5',
    category: 'text',
    description: 'The MD5 hash of a text or bytes in hexadecimal.',
    examples: [["md5('abc')", '900150983cd24fb0d6963f7d28e17f72']],
    overloads: [
      { args: [UTF8], returns: UTF8 },
      { args: [BINARY], returns: UTF8 },
    ],
    evaluate: (call) =>
      evaluateRows(call, ([value]) =>
        md5(typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array)),
      ),
  }),
]
