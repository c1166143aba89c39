import { SqlState, VolleyError } from '../errors.ts'

/** Items of an array's text: nested lists, text, or null for an unquoted NULL. */
export type ArrayItem = string | null | readonly ArrayItem[]

/**
 * Reads PostgreSQL's array text, `{1,"a, b",NULL,{2}}`.
 *
 * @throws VolleyError 22P02 for text of another form.
 */
export function parseArrayText(text: string): readonly ArrayItem[] {
  const reader = new ArrayReader(text)
  const items = reader.list(0)
  reader.end()
  return items
}

const MAX_DEPTH = 6

class ArrayReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  list(depth: number): ArrayItem[] {
    this.#space()
    if (depth > MAX_DEPTH || this.#text[this.#at++] !== '{') throw this.#error()
    const items: ArrayItem[] = []
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return items
    }
    for (;;) {
      items.push(this.#item(depth))
      this.#space()
      const next = this.#text[this.#at++]
      if (next === '}') return items
      if (next !== ',') throw this.#error()
    }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#error()
  }

  #item(depth: number): ArrayItem {
    this.#space()
    const first = this.#text[this.#at]
    if (first === '{') return this.list(depth + 1)
    if (first === '"') return this.#quoted()
    let item = ''
    while (this.#at < this.#text.length && !/[,}{"]/.test(this.#text[this.#at]!)) {
      if (this.#text[this.#at] === '\\') this.#at++
      item += this.#text[this.#at++] ?? ''
    }
    item = item.trim()
    if (item === '') throw this.#error()
    return item.toLowerCase() === 'null' ? null : item
  }

  #quoted(): string {
    let item = ''
    this.#at++
    for (;;) {
      const character = this.#text[this.#at++]
      if (character === undefined) throw this.#error()
      if (character === '"') return item
      item += character === '\\' ? (this.#text[this.#at++] ?? '') : character
    }
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #error(): VolleyError {
    return new VolleyError(`malformed array literal: "${this.#text}"`, { code: SqlState.invalidTextRepresentation })
  }
}
