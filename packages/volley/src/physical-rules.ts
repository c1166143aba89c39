import { commonSubexpressions, type PhysicalRule } from '@volley/planner'
import { splitRules } from '@volley/splits'

/** Every physical rule, in the order in which they run. */
export const physicalRules: readonly PhysicalRule[] = [...splitRules, commonSubexpressions]
