/** SQL over DuckDB's `hash`: numbers that look random and depend on the row, the salt and the seed only. */
export class SeededSql {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  /** 64 unsigned bits of a key, others for each salt. */
  bits(key: string, salt: string): string {
    return `hash(${key}, '${salt}', ${this.#seed})`
  }

  /** A double in [0, 1). */
  unit(key: string, salt: string): string {
    return `((${this.bits(key, salt)} >> 11)::DOUBLE / 9007199254740992)`
  }

  /** A whole number in [0, n), each alike. */
  below(n: number | string, key: string, salt: string): string {
    return `(${this.bits(key, salt)} % (${n})::UBIGINT)::BIGINT`
  }

  /** A rank in [0, n), rank k with a chance near 1 / (k + 1): Zipf's law. */
  rank(n: number | string, key: string, salt: string): string {
    return `least(floor(pow((${n}) + 1, ${this.unit(key, salt)})) - 1, (${n}) - 1)::BIGINT`
  }

  /** TRUE with this chance. */
  chance(share: number, key: string, salt: string): string {
    return `(${this.unit(key, salt)} < ${share})`
  }

  /** One of some values, each with its weight. */
  weighted(values: readonly (number | string)[], weights: readonly number[], key: string, salt: string): string {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const steps = 100
    const list: (number | string)[] = []
    let sum = 0
    values.forEach((value, i) => {
      sum += weights[i]!
      while (list.length < Math.round((sum / total) * steps)) list.push(value)
    })
    return this.oneOf(list, key, salt)
  }

  /** One of some values, each alike. */
  oneOf(values: readonly (number | string)[], key: string, salt: string): string {
    const list = values.map((value) => (typeof value === 'number' ? String(value) : quoted(value)))
    return `[${list.join(', ')}][1 + ${this.below(values.length, key, salt)}]`
  }

  /** A word of two to four syllables. */
  word(syllables: readonly string[], key: string, salt: string): string {
    const syllable = (n: number): string => this.oneOf(syllables, key, `${salt}${n}`)
    const more = (n: number): string =>
      `CASE WHEN ${this.below(3, key, `${salt}length`)} >= ${n - 2} THEN ${syllable(n)} ELSE '' END`
    return `(${syllable(0)} || ${syllable(1)} || ${more(3)} || ${more(4)})`
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
