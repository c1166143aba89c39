// Matching of sorted positions, each already shifted so that the terms of a phrase meet at one number (section 12).

/** A growable list of positions. */
export class Positions {
  data: Uint32Array = new Uint32Array(64)
  length = 0

  reserve(count: number): void {
    if (count > this.data.length) this.data = new Uint32Array(Math.max(count, this.data.length * 2))
    this.length = count
  }

  push(value: number): void {
    if (this.length === this.data.length) {
      const grown = new Uint32Array(this.data.length * 2)
      grown.set(this.data)
      this.data = grown
    }
    this.data[this.length] = value
    this.length += 1
  }
}

/** Keeps in `left` what is in both; returns the number. */
export function intersectPositions(left: Positions, right: Positions): number {
  let i = 0
  let k = 0
  let count = 0
  const a = left.data
  const b = right.data
  while (i < left.length && k < right.length) {
    const difference = a[i]! - b[k]!
    if (difference === 0) {
      a[count] = a[i]!
      count += 1
      i += 1
      k += 1
    } else if (difference < 0) i += 1
    else k += 1
  }
  left.length = count
  return count
}

/** Number of entries in both. */
export function countCommon(left: Positions, right: Positions): number {
  let i = 0
  let k = 0
  let count = 0
  while (i < left.length && k < right.length) {
    const difference = left.data[i]! - right.data[k]!
    count += +(difference === 0)
    i += +(difference <= 0)
    k += +(difference >= 0)
  }
  return count
}

/** Number of matches of two terms at a distance of at most `slop`, each position used once. */
export function countWithSlop(left: Positions, right: Positions, slop: number): number {
  const a = left.data
  const b = right.data
  let i = 0
  let k = 0
  let count = 0
  while (i < left.length && k < right.length) {
    if (Math.abs(a[i]! - b[k]!) <= slop) {
      // the last left position that is not behind the right one is the best
      while (i + 1 < left.length && a[i + 1]! <= b[k]!) i += 1
      count += 1
      i += 1
      k += 1
    } else if (a[i]! < b[k]!) i += 1
    else k += 1
  }
  return count
}

/** Positions that a phrase of three terms or more can end at so far, with the slop that each has used up. */
export class SlopPositions {
  positions: Positions = new Positions()
  slops: Positions = new Positions()
  #nextPositions = new Positions()
  #nextSlops = new Positions()

  /** Starts with the positions of the first term, which have used up none. */
  start(first: Positions): void {
    this.positions.length = 0
    this.slops.length = 0
    for (let i = 0; i < first.length; i += 1) {
      this.positions.push(first.data[i]!)
      this.slops.push(0)
    }
  }

  /** Merges the next term's positions, carrying the slop; returns the number of matches. */
  merge(right: Positions, maxSlop: number): number {
    const left = this.positions
    this.#nextPositions.length = 0
    this.#nextSlops.length = 0
    let count = 0
    let i = 0
    let k = 0
    while (i < left.length && k < right.length) {
      const leftValue = left.data[i]!
      const rightValue = right.data[k]!
      const soFar = this.slops.data[i]!
      let slop = soFar + Math.abs(leftValue - rightValue)
      if (slop <= maxSlop) {
        const leftIsLess = leftValue < rightValue
        const smaller = leftIsLess ? left : right
        const larger = leftIsLess ? rightValue : leftValue
        let at = leftIsLess ? i : k
        this.#add(Math.min(leftValue, rightValue), slop)
        while (at + 1 < smaller.length && smaller.data[at + 1]! <= larger) {
          at += 1
          slop = soFar + larger - smaller.data[at]!
          this.#add(smaller.data[at]!, slop)
        }
        this.#add(larger, slop)
        count += 1
        i += 1
        k += 1
      } else if (leftValue < rightValue) i += 1
      else k += 1
    }
    this.#finish(right, i, k, maxSlop)
    return count
  }

  /** The rest of one side is matched with the last position of the other. */
  #finish(right: Positions, i: number, k: number, maxSlop: number): void {
    const left = this.positions
    if (left.length > 0 && right.length > 0) {
      if (i >= left.length) {
        const value = left.data[left.length - 1]!
        const soFar = this.slops.data[left.length - 1]!
        for (let at = k; at < right.length; at += 1) {
          const slop = soFar + Math.abs(value - right.data[at]!)
          if (slop <= maxSlop) this.#add(right.data[at]!, slop)
        }
      } else {
        const value = right.data[right.length - 1]!
        for (let at = i; at < left.length; at += 1) {
          const slop = this.slops.data[at]! + Math.abs(left.data[at]! - value)
          if (slop <= maxSlop) this.#add(left.data[at]!, slop)
        }
      }
    }
    ;[this.positions, this.#nextPositions] = [this.#nextPositions, this.positions]
    ;[this.slops, this.#nextSlops] = [this.#nextSlops, this.slops]
  }

  #add(position: number, slop: number): void {
    const positions = this.#nextPositions
    const last = positions.length - 1
    if (last >= 0 && positions.data[last] === position) {
      this.#nextSlops.data[last] = Math.min(this.#nextSlops.data[last]!, slop)
    } else {
      positions.push(position)
      this.#nextSlops.push(slop)
    }
  }
}
