import { type CacheOptions, GrowingBytes } from '@volley/kernels'
import type { BytesWriter } from '../vectors/bytes-writer.ts'

const FIRST_BYTES = 1024
/** Bytes of texts that are kept of one dictionary. */
const MOST_BYTES = 16 << 20

/** What a pattern makes of the entries of a dictionary, as long as it is kept. */
export interface ReplacedSlot {
  texts: ReplacedTexts | null
}

/** The cache of an executor that has them. */
export const REPLACED_TEXTS: CacheOptions<ReplacedSlot, null> = {
  name: 'replaced texts',
  capacity: 4 * MOST_BYTES,
  dropped(_, slot) {
    slot.texts = null
  },
}

/** Texts that a replacement makes of entries of a dictionary: those asked for, as far as there is room for them. */
export class ReplacedTexts {
  /** The arguments that they were made with. */
  readonly constants: string
  /** For who uses them: a word for each entry. */
  readonly places: Uint32Array
  /** By entry: one more than where its text starts; 0 where it is not known. */
  readonly #starts: Uint32Array
  readonly #lengths: Uint32Array
  readonly #texts = new GrowingBytes(FIRST_BYTES)

  constructor(constants: string, entries: number) {
    this.constants = constants
    this.places = new Uint32Array(entries)
    this.#starts = new Uint32Array(entries)
    this.#lengths = new Uint32Array(entries)
  }

  /** Bytes that are held. */
  get size(): number {
    return 3 * this.places.byteLength + this.#texts.bytes.byteLength
  }

  /** Adds the text of an entry to the current row of `out`; false where it is not known. */
  write(entry: number, out: BytesWriter): boolean {
    const start = this.#starts[entry]!
    if (start === 0) return false
    out.append(this.#texts.bytes, start - 1, start - 1 + this.#lengths[entry]!)
    return true
  }

  add(entry: number, text: Uint8Array): void {
    if (this.#texts.end + text.length > MOST_BYTES) return
    this.#starts[entry] = this.#texts.append(text, 0, text.length) + 1
    this.#lengths[entry] = text.length
  }
}
