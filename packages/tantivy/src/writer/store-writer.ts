import { ByteWriter } from './byte-writer.ts'
import { JsonEntries, type CheckedField } from './checked-document.ts'
import { GrowingU32 } from './growing-array.ts'
import { JsonDate } from './input-document.ts'
import { mapF64 } from '../terms.ts'

const BLOCK_SIZE = 16384
const CHECKPOINTS = 8
const STORE_VERSION = 2
const NO_COMPRESSION = 0
const I64_END = 2n ** 63n

interface Checkpoint {
  readonly firstDoc: number
  readonly endDoc: number
  readonly start: number
  readonly end: number
}

/** Collects stored documents and writes them as an uncompressed document store (section 8). */
export class StoreWriter {
  readonly #out: ByteWriter = new ByteWriter(BLOCK_SIZE * 2)
  readonly #offsets: GrowingU32 = new GrowingU32()
  readonly #checkpoints: Checkpoint[] = []
  readonly #blockSize: number
  #blockStart = 0
  #firstDoc = 0

  constructor(blockSize: number = BLOCK_SIZE) {
    this.#blockSize = blockSize
  }

  add(fields: readonly CheckedField[]): void {
    const out = this.#out
    this.#offsets.push(out.length - this.#blockStart)
    let count = 0
    for (const { field, values } of fields) if (field.options.stored) count += values.length
    out.vint(count)
    for (const { field, values } of fields) {
      if (!field.options.stored) continue
      for (const value of values) {
        out.u32(field.ord)
        if (field.type === 'json_object') writeJson(out, value)
        else writeStored(out, field.type, value)
      }
    }
    if (out.length - this.#blockStart + 8 * this.#offsets.length > this.#blockSize) this.#closeBlock()
  }

  finish(): Uint8Array {
    if (this.#offsets.length > 0) this.#closeBlock()
    const out = this.#out
    const index = out.length
    writeSkipIndex(out, this.#checkpoints)
    out.u32(STORE_VERSION)
    out.u64(index)
    out.u8(NO_COMPRESSION)
    out.append(new Uint8Array(15))
    return out.finish()
  }

  #closeBlock(): void {
    const count = this.#offsets.length
    for (let i = 0; i < count; i += 1) this.#out.u32(this.#offsets.items[i]!)
    this.#out.u32(count)
    const end = this.#out.length
    this.#checkpoints.push({ firstDoc: this.#firstDoc, endDoc: this.#firstDoc + count, start: this.#blockStart, end })
    this.#firstDoc += count
    this.#blockStart = end
    this.#offsets.length = 0
  }
}

/** Layers of checkpoints, eight to a block; each block is a checkpoint of the layer above. */
function writeSkipIndex(out: ByteWriter, bottom: readonly Checkpoint[]): void {
  const layers: Uint8Array[] = []
  for (let checkpoints = bottom; checkpoints.length > 0;) {
    const layer = new ByteWriter()
    const above: Checkpoint[] = []
    for (let i = 0; i < checkpoints.length; i += CHECKPOINTS) {
      const block = checkpoints.slice(i, i + CHECKPOINTS)
      const start = layer.length
      layer.vint(block.length)
      layer.vint(block[0]!.firstDoc)
      layer.vint(block[0]!.start)
      for (const checkpoint of block) {
        layer.vint(checkpoint.endDoc - checkpoint.firstDoc)
        layer.vint(checkpoint.end - checkpoint.start)
      }
      above.push({ firstDoc: block[0]!.firstDoc, endDoc: block.at(-1)!.endDoc, start, end: layer.length })
    }
    layers.unshift(layer.finish())
    checkpoints = above.length > 1 ? above : []
  }
  out.vint(layers.length)
  let end = 0
  for (const layer of layers) out.vint((end += layer.length))
  for (const layer of layers) out.append(layer)
}

function writeStored(out: ByteWriter, type: CheckedField['field']['type'], value: unknown): void {
  switch (type) {
    case 'text':
      out.u8(0)
      return out.str(value as string)
    case 'facet':
      out.u8(3)
      return out.str(value as string)
    case 'u64':
      return writeTagged(out, 1, value as bigint)
    case 'i64':
      return writeTagged(out, 2, value as bigint)
    case 'date':
      return writeTagged(out, 5, value as bigint)
    case 'f64':
      return writeTagged(out, 6, mapF64(value as number))
    case 'bool':
      out.u8(9)
      return out.u8(value === true ? 1 : 0)
    case 'bytes':
      out.u8(4)
      out.vint((value as Uint8Array).length)
      return out.append(value as Uint8Array)
    case 'ip_addr':
      out.u8(10)
      out.u64Big(BigInt.asUintN(64, value as bigint))
      return out.u64Big((value as bigint) >> 64n)
    default:
      throw new Error(`values of type ${type} are not stored`)
  }
}

function writeTagged(out: ByteWriter, code: number, bits: bigint): void {
  out.u8(code)
  out.u64Big(bits)
}

/** A checked JSON value; integers are i64 where they fit, as in Rust's JSON. */
function writeJson(out: ByteWriter, value: unknown): void {
  if (value === null) return out.u8(11)
  if (typeof value === 'string') {
    out.u8(0)
    return out.str(value)
  }
  if (typeof value === 'bigint') return writeTagged(out, value < I64_END ? 2 : 1, value)
  if (typeof value === 'number') return writeTagged(out, 6, mapF64(value))
  if (typeof value === 'boolean') {
    out.u8(9)
    return out.u8(value ? 1 : 0)
  }
  if (value instanceof JsonDate) return writeTagged(out, 5, value.nanos)
  if (value instanceof JsonEntries) {
    out.u8(13)
    out.vint(value.entries.length * 2)
    for (const [key, item] of value.entries) {
      out.u8(0)
      out.str(key)
      writeJson(out, item)
    }
    return
  }
  const items = value as readonly unknown[]
  out.u8(12)
  out.vint(items.length)
  for (const item of items) writeJson(out, item)
}
