import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena, ArenaExhaustedError, Region } from '../src/index.ts'

describe('arena', () => {
  test('blocks never overlap, are aligned and come back to zero', () => {
    const marks = new Uint8Array(70_000)
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.nat(70_000), free: fc.nat(9) }), { minLength: 1, maxLength: 200 }),
        (steps) => {
          const arena = new Arena({ reserveBytes: 64 << 20, poison: true })
          const live: { address: number; size: number; mark: number }[] = []
          const bytes = new Uint8Array(arena.buffer)
          let mark = 0
          const check = (block: (typeof live)[number]) => {
            marks.fill(block.mark, 0, block.size)
            const own = bytes.subarray(block.address, block.address + block.size)
            if (Buffer.compare(own, marks.subarray(0, block.size)) !== 0) throw new Error('overlap')
          }
          for (const step of steps) {
            const address = arena.alloc(step.size)
            if (address % 16 !== 0) throw new Error(`block at ${address}`)
            mark = (mark + 1) % 200
            bytes.fill(mark, address, address + step.size)
            live.push({ address, size: step.size, mark })
            if (step.free < 5 && live.length > 0) {
              const [block] = live.splice(step.free % live.length, 1)
              check(block!)
              arena.free(block!.address)
            }
          }
          for (const block of live) {
            check(block)
            arena.free(block.address)
          }
          expect(arena.liveBytes).toBe(0)
          expect(arena.liveBlocks).toBe(0)
        },
      ),
      { seed: 3 },
    )
  })

  test('large blocks that are freed make room for larger ones', () => {
    const arena = new Arena({ reserveBytes: 4 << 20 })
    const grown = (from: number, to: number): void => {
      let address = arena.alloc(from)
      for (let size = from * 2; size <= to; size *= 2) {
        const next = arena.alloc(size)
        arena.free(address)
        address = next
      }
      arena.free(address)
    }
    // By classes, the blocks on the way would take all of it.
    for (let i = 0; i < 3; i++) grown(100_000 + i * 1000, 1_700_000)
    const whole = arena.alloc(3_900_000)
    expect(() => arena.alloc(400_000)).toThrow(ArenaExhaustedError)
    arena.free(whole)
    expect(arena.liveBlocks).toBe(0)
  })

  test('refuses what does not fit, and a second free', () => {
    const arena = new Arena({ reserveBytes: 1 << 20 })
    expect(() => arena.alloc(2 << 20)).toThrow(ArenaExhaustedError)
    const address = arena.alloc(100)
    arena.free(address)
    expect(() => arena.free(address)).toThrow('not a live block')
  })

  test('a region keeps what it depends on alive', () => {
    const arena = new Arena({ reserveBytes: 1 << 20, poison: true })
    const parent = new Region(arena)
    const values = parent.i32(4)
    values.set([1, 2, 3, 4])
    const child = new Region(arena)
    child.dependOn(parent)
    parent.release()
    expect([...values]).toEqual([1, 2, 3, 4])
    child.release()
    expect(values[0]).not.toBe(1)
    expect(arena.liveBlocks).toBe(0)
  })
})
