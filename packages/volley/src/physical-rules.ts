import { aggregateOnce, commonSubexpressions, type PhysicalRule } from '@volley/planner'
import { splitRules } from '@volley/splits'

/** Every physical rule, in the order in which they run. */
export const physicalRules: readonly PhysicalRule[] = [...splitRules, commonSubexpressions]

/** Those that run behind them where one thread of one worker has the whole plan. */
export const oneTaskRules: readonly PhysicalRule[] = [aggregateOnce]

/** What they are switched by. */
export const physicalRuleNames: readonly string[] = [...physicalRules, ...oneTaskRules].map((rule) => rule.name)
