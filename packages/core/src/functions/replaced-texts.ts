import type { BytesWriter } from '../vectors/bytes-writer.ts'

/** Bytes of texts that are kept of one dictionary. */
const MOST_BYTES = 16 << 20

/** Texts that a replacement makes of entries of a dictionary: those asked for, as far as there is room for them. */
export class ReplacedTexts {
  /** The arguments that they were made with. */
  readonly constants: string
  /** For who uses them: a word for each entry. */
  readonly places: Uint32Array
  /** By entry: one more than where its text starts; 0 where it is not known. */
  readonly #starts: Uint32Array
  readonly #lengths: Uint32Array
  #bytes = new Uint8Array(1024)
  #end = 0

  constructor(constants: string, entries: number) {
    this.constants = constants
    this.places = new Uint32Array(entries)
    this.#starts = new Uint32Array(entries)
    this.#lengths = new Uint32Array(entries)
  }

  /** Adds the text of an entry to the current row of `out`; false where it is not known. */
  write(entry: number, out: BytesWriter): boolean {
    const start = this.#starts[entry]!
    if (start === 0) return false
    out.append(this.#bytes, start - 1, start - 1 + this.#lengths[entry]!)
    return true
  }

  add(entry: number, text: Uint8Array): void {
    const end = this.#end + text.length
    if (end > MOST_BYTES) return
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.min(MOST_BYTES, Math.max(end, 2 * this.#bytes.length)))
      bytes.set(this.#bytes.subarray(0, this.#end))
      this.#bytes = bytes
    }
    this.#bytes.set(text, this.#end)
    this.#starts[entry] = this.#end + 1
    this.#lengths[entry] = text.length
    this.#end = end
  }
}
