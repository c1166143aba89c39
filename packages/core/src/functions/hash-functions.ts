import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { BINARY, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import { md5 } from './md5.ts'
import type { ScalarFunction } from './scalar-function.ts'
import { sha224, sha256, sha384, sha512 } from './sha2.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function bytesOf(value: ScalarValue): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : (value as Uint8Array)
}

function hexBytes(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text))
    throw new VolleyError('invalid hexadecimal data', { code: SqlState.invalidParameterValue })
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function toBase64(bytes: Uint8Array, padded: boolean): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const count = Math.min(3, bytes.length - i) + 1
    for (let k = 0; k < count; k++) text += DIGITS[(group >> (18 - 6 * k)) & 63]
    if (padded) text += '='.repeat(4 - count)
  }
  return text
}

function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/={0,2}$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1)
    throw new VolleyError('invalid base64 data', { code: SqlState.invalidParameterValue })
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let [bits, held, at] = [0, 0, 0]
  for (const digit of digits) {
    bits = ((bits << 6) | DIGITS.indexOf(digit)) & 0xffff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[at++] = (bits >> held) & 255
    }
  }
  return bytes
}

function unknownEncoding(name: string): VolleyError {
  return new VolleyError(`unrecognized encoding: "${name}"`, { code: SqlState.invalidParameterValue })
}

/** Digests of `abc`. */
const SHA_EXAMPLES = [
  ['sha224', '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7'],
  ['sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['sha384', 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'],
  [
    'sha512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
] as const

const DIGESTS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  md5: (bytes) => hexBytes(md5(bytes)),
  sha224,
  sha256,
  sha384,
  sha512,
}

function digest(bytes: Uint8Array, method: string): Uint8Array {
  const name = method.toLowerCase()
  const hash = Object.hasOwn(DIGESTS, name) ? DIGESTS[name] : undefined
  if (hash !== undefined) return hash(bytes)
  throw new VolleyError(`there is no digest "${method}": there are ${Object.keys(DIGESTS).join(', ')}`, {
    code: SqlState.invalidParameterValue,
  })
}

function isBytes(type: DataType | undefined): boolean {
  return type !== undefined && ['Utf8', 'Binary', 'Null'].includes(typeName(type))
}

function ofBytes(type: DataType): DataType {
  return typeName(type) === 'Binary' ? BINARY : UTF8
}

/** Digests and encodings of bytes; text is taken as UTF-8. */
export const HASH_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'digest',
    category: 'binary',
    description: 'A digest of a text or bytes: md5, sha224, sha256, sha384 or sha512.',
    examples: [["digest('abc', 'md5')", '\\x900150983cd24fb0d6963f7d28e17f72']],
    resolve: (argTypes) =>
      argTypes.length === 2 && isBytes(argTypes[0]) && ['Utf8', 'Null'].includes(typeName(argTypes[1]!))
        ? { argTypes: [ofBytes(argTypes[0]!), UTF8], returnType: BINARY, nullable: 'propagate' }
        : null,
    evaluate: (call) => evaluateRows(call, ([value, method]) => digest(bytesOf(value!), method as string)),
  }),
  ...SHA_EXAMPLES.map(([name, sha]) =>
    defineFunction({
      name,
      category: 'binary',
      description: `The ${name.toUpperCase()} digest of a text or bytes.`,
      examples: [[`encode(${name}('abc'), 'hex')`, sha]],
      resolve: (argTypes) =>
        argTypes.length === 1 && isBytes(argTypes[0])
          ? { argTypes: [ofBytes(argTypes[0]!)], returnType: BINARY, nullable: 'propagate' }
          : null,
      evaluate: (call) => evaluateRows(call, ([value]) => digest(bytesOf(value!), name)),
    }),
  ),
  defineFunction({
    name: 'utf8_text',
    category: 'binary',
    description: 'The text that bytes hold as UTF-8.',
    examples: [["utf8_text(decode('616263', 'hex'))", 'abc']],
    overloads: [{ args: [BINARY], returns: UTF8 }],
    evaluate: (call) =>
      evaluateRows(call, ([value]) => {
        try {
          return decoder.decode(value as Uint8Array)
        } catch (cause) {
          throw new VolleyError('invalid byte sequence for encoding "UTF8"', { code: '22021', cause })
        }
      }),
  }),
  defineFunction({
    name: 'encode',
    category: 'binary',
    description: 'Bytes as text: hex, base64 (without padding) or base64pad.',
    examples: [["encode('abc', 'hex')", '616263']],
    resolve: (argTypes) =>
      argTypes.length === 2 && isBytes(argTypes[0]) && ['Utf8', 'Null'].includes(typeName(argTypes[1]!))
        ? { argTypes: [ofBytes(argTypes[0]!), UTF8], returnType: UTF8, nullable: 'propagate' }
        : null,
    evaluate: (call) =>
      evaluateRows(call, ([value, encoding]) => {
        const name = (encoding as string).toLowerCase()
        if (name === 'hex') return toHex(bytesOf(value!))
        if (name === 'base64' || name === 'base64pad') return toBase64(bytesOf(value!), name === 'base64pad')
        throw unknownEncoding(encoding as string)
      }),
  }),
  defineFunction({
    name: 'decode',
    category: 'binary',
    description: 'The bytes of a text that is hex or base64.',
    examples: [["decode('616263', 'hex')", '\\x616263']],
    resolve: (argTypes) =>
      argTypes.length === 2 && isBytes(argTypes[0]) && ['Utf8', 'Null'].includes(typeName(argTypes[1]!))
        ? { argTypes: [ofBytes(argTypes[0]!), UTF8], returnType: BINARY, nullable: 'propagate' }
        : null,
    evaluate: (call) =>
      evaluateRows(call, ([value, encoding]) => {
        const text = typeof value === 'string' ? value : decoder.decode(value as Uint8Array)
        const name = (encoding as string).toLowerCase()
        if (name === 'hex') return hexBytes(text)
        if (name === 'base64' || name === 'base64pad') return fromBase64(text)
        throw unknownEncoding(encoding as string)
      }),
  }),
]
