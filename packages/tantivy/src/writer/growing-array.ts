/** A growing Uint32Array. */
export class GrowingU32 {
  items: Uint32Array = new Uint32Array(64)
  length = 0

  push(value: number): void {
    if (this.length === this.items.length) {
      const grown = new Uint32Array(this.length * 2)
      grown.set(this.items)
      this.items = grown
    }
    this.items[this.length++] = value
  }

  view(): Uint32Array {
    return this.items.subarray(0, this.length)
  }
}

/** A growing BigUint64Array. */
export class GrowingU64 {
  items: BigUint64Array = new BigUint64Array(64)
  length = 0

  push(value: bigint): void {
    if (this.length === this.items.length) {
      const grown = new BigUint64Array(this.length * 2)
      grown.set(this.items)
      this.items = grown
    }
    this.items[this.length++] = value
  }

  view(): BigUint64Array {
    return this.items.subarray(0, this.length)
  }
}
