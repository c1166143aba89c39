import { VolleyError } from '../errors.ts'

/** No list made by a function has more items. */
const MAX_ITEMS = 1 << 24

/**
 * The length that a list is to have, 0 for a negative one.
 *
 * @throws VolleyError 54000 for one that is too long
 */
export function checkItems(count: number): number {
  if (count <= MAX_ITEMS) return Math.max(0, count)
  throw new VolleyError(`a list of ${count} items is too long`, { code: '54000' })
}
