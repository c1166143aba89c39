/** A token of a text. `from` and `to` are offsets in the text's UTF-8 bytes. */
export interface Token {
  readonly text: string
  readonly from: number
  readonly to: number
  /** Counts from 0; a removed token leaves a hole. */
  readonly position: number
}

/** Receives a token: its text and its position. */
export type EmitToken = (text: string, position: number) => void

/** Cuts a text into tokens (formats/tantivy.md section 11). */
export interface Tokenizer {
  tokenize(text: string): Token[]
  /** The texts and positions of the same tokens, without an object for each. */
  forEachToken(text: string, emit: EmitToken): void
}

/** Receives a piece of a text: the half-open range in UTF-16 units, and the position. */
export type EmitPiece = (start: number, end: number, position: number) => void

/** The first step of a tokenizer: finds the pieces of a text. */
export interface Splitter {
  split(text: string, emit: EmitPiece): void
}

/** A later step of a tokenizer: changes the text of a token, or removes the token (null). */
export type TokenFilter = (text: string) => string | null
