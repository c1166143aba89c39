export type Constant = string | number | bigint | boolean | null

/** Tells constants apart. */
export function constantKey(value: Constant): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}
