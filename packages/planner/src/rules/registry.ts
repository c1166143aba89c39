import type { LogicalRule } from './logical-rule.ts'

/** Every logical rule, in the order in which they run. */
export const logicalRules: readonly LogicalRule[] = []
