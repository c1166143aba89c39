import {
  BINARY,
  BOOL,
  DATE,
  decimalType,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INT8,
  INTERVAL,
  JSON_TYPE,
  listType,
  mapType,
  SqlState,
  structType,
  TIME,
  TimeUnit,
  timestampType,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  UTF8,
  VolleyError,
  withLayout,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import { positionOf, variant } from './raw.ts'
import type { Raw } from './sqlparser.ts'

/** Text as SQL declares it has the name of Arrow's layout that DataFusion gives it; its values are those of any text. */
const TEXT_TYPE: DataType = withLayout(UTF8, 'Utf8View')

const SIMPLE: Readonly<Record<string, DataType>> = {
  TinyInt: INT8,
  Int8: INT64,
  Int2: INT16,
  SmallInt: INT16,
  Int16: INT16,
  Int4: INT32,
  MediumInt: INT32,
  Int: INT32,
  Integer: INT32,
  Int32: INT32,
  BigInt: INT64,
  Int64: INT64,
  HugeInt: decimalType(38, 0),
  UTinyInt: UINT8,
  TinyIntUnsigned: UINT8,
  UInt8: UINT8,
  USmallInt: UINT16,
  SmallIntUnsigned: UINT16,
  Int2Unsigned: UINT16,
  UInt16: UINT16,
  UInt32: UINT32,
  IntUnsigned: UINT32,
  IntegerUnsigned: UINT32,
  Int4Unsigned: UINT32,
  MediumIntUnsigned: UINT32,
  UBigInt: UINT64,
  UInt64: UINT64,
  BigIntUnsigned: UINT64,
  Int8Unsigned: UINT64,
  Float4: FLOAT32,
  Real: FLOAT32,
  Float32: FLOAT32,
  Float8: FLOAT64,
  Float64: FLOAT64,
  Double: FLOAT64,
  DoublePrecision: FLOAT64,
  Boolean: BOOL,
  Bool: BOOL,
  Text: TEXT_TYPE,
  TinyText: TEXT_TYPE,
  MediumText: TEXT_TYPE,
  LongText: TEXT_TYPE,
  String: TEXT_TYPE,
  Uuid: UTF8,
  Regclass: UTF8,
  JSON: JSON_TYPE,
  JSONB: JSON_TYPE,
  Bytea: BINARY,
  Binary: BINARY,
  Varbinary: BINARY,
  Blob: BINARY,
  Bytes: BINARY,
  Date: DATE,
  Date32: DATE,
  Interval: INTERVAL,
  TimestampNtz: timestampType(TimeUnit.MICROSECOND),
}

/** Types that the parser knows only as a name. */
const NAMED: Readonly<Record<string, DataType>> = {
  i8: INT8,
  i16: INT16,
  i32: INT32,
  i64: INT64,
  u8: UINT8,
  u16: UINT16,
  u32: UINT32,
  u64: UINT64,
  f32: FLOAT32,
  f64: FLOAT64,
  utf8: UTF8,
  name: UTF8,
  inet: UTF8,
  ip: UTF8,
  bpchar: UTF8,
  oid: INT64,
  timestamp_s: timestampType(TimeUnit.SECOND),
  timestamp_ms: timestampType(TimeUnit.MILLISECOND),
  timestamp_us: timestampType(TimeUnit.MICROSECOND),
  timestamp_ns: timestampType(TimeUnit.NANOSECOND),
}

const TEXT = new Set(['Char', 'Character', 'CharacterVarying', 'CharVarying', 'Varchar', 'Nvarchar', 'FixedString'])
/** Digits that a decimal may be declared with. A value has at most 38: a longer one is out of range. */
const MAX_DECLARED = 76
const DECIMAL = new Set(['Decimal', 'Numeric', 'Dec', 'BigDecimal', 'BigNumeric'])

/** The engine's type for a type as SQL names it; `timestamp` counts microseconds, `timestamp(9)` nanoseconds. */
export function convertType(raw: Raw): DataType {
  const [tag, payload] = variant(raw)
  const simple = Object.hasOwn(SIMPLE, tag) ? SIMPLE[tag] : undefined
  if (simple !== undefined) return simple
  if (TEXT.has(tag)) return TEXT_TYPE
  if (DECIMAL.has(tag)) return decimal(payload)
  switch (tag) {
    case 'Float': {
      const [form, precision] = variant(payload)
      return form === 'Precision' && precision <= 24 ? FLOAT32 : FLOAT64
    }
    case 'Timestamp':
    case 'TimestampTz':
      return timestamp(Array.isArray(payload) ? payload[0] : payload, tag === 'TimestampTz' || isZoned(payload?.[1]))
    case 'Datetime':
      return timestamp(payload, false)
    case 'Time':
      if (isZoned(payload?.[1])) break
      return TIME
    case 'Array': {
      const [, element] = variant(payload)
      return listType(convertType(Array.isArray(element) ? element[0] : element))
    }
    case 'Map':
      return mapType(convertType(payload[0]), convertType(payload[1]))
    case 'Struct': {
      const [fields] = Array.isArray(payload) ? payload : [payload]
      return structType(
        fields.map((field: Raw, i: number) => [
          field.field_name === undefined || field.field_name === null ? `c${i}` : String(field.field_name.value),
          convertType(field.field_type),
        ]),
      )
    }
    case 'Custom': {
      const type = payload?.[0]?.length === 1 ? NAMED[String(payload[0][0].Identifier?.value).toLowerCase()] : undefined
      if (type !== undefined) return type
      break
    }
  }
  const position = positionOf(raw)
  throw new VolleyError(`type "${typeText(tag, payload)}" does not exist`, {
    code: SqlState.undefinedObject,
    ...(position === null ? {} : { position }),
  })
}

/** The n of `varchar(n)` and `char(n)`; null for other types. */
export function lengthOf(raw: Raw): number | null {
  const [tag, payload] = variant(raw)
  const length = TEXT.has(tag) ? payload?.IntegerLength?.length : undefined
  return length === undefined || length === null ? null : Number(length)
}

/** Whether a type is a timestamp without a number of digits. */
export function isBareTimestamp(raw: Raw): boolean {
  const [tag, payload] = variant(raw)
  const digits = Array.isArray(payload) ? payload[0] : payload
  return (tag === 'Timestamp' || tag === 'TimestampTz') && (digits === undefined || digits === null)
}

function isZoned(raw: Raw): boolean {
  return raw === 'Tz' || raw === 'WithTimeZone'
}

function typeText(tag: string, payload: Raw): string {
  return tag === 'Custom' ? payload[0].map((part: Raw) => part.Identifier?.value ?? '?').join('.') : tag.toLowerCase()
}

function timestamp(precision: Raw, zoned: boolean): DataType {
  const digits = precision === undefined || precision === null ? 6 : Number(precision)
  const unit =
    digits === 0
      ? TimeUnit.SECOND
      : digits <= 3
        ? TimeUnit.MILLISECOND
        : digits <= 6
          ? TimeUnit.MICROSECOND
          : TimeUnit.NANOSECOND
  return timestampType(unit, zoned ? 'UTC' : null)
}

function decimal(raw: Raw): DataType {
  const [form, payload] = variant(raw)
  const [precision, scale] =
    form === 'PrecisionAndScale'
      ? [Number(payload[0]), Number(payload[1])]
      : form === 'Precision'
        ? [Number(payload), 0]
        : [38, 10]
  if (precision < 1 || precision > MAX_DECLARED || scale < 0 || scale > Math.min(precision, 38)) {
    throw new VolleyError(
      `decimal(${precision}, ${scale}) is out of range: at most ${MAX_DECLARED} digits, at most all of them and 38 behind the point`,
      {
        code: SqlState.invalidParameterValue,
      },
    )
  }
  return precision <= 38
    ? decimalType(precision, scale)
    : withLayout(decimalType(38, scale), `Decimal256(${precision}, ${scale})`)
}
