export * from './logical/logical-plan.ts'
export { ColumnRef, OuterRef, ScoreExpr, SubqueryExpr, TextPredicateExpr } from './logical/expressions.ts'
export {
  TextPredicate,
  type Catalog,
  type PlanningContext,
  type ScanRequest,
  type Settings,
  type TableColumn,
  type TableProvider,
  type ValueRange,
} from './catalog/table-provider.ts'
export type { QueryResult, Session, SplitPlacement, WorkerResolver } from './session/session.ts'
export { SessionSettings, type SessionSettingsOptions, type ShownSetting } from './session/session-settings.ts'
export { optimize, optimizeVerbose, type OptimizedPlan, type RuleChange } from './rules/optimize.ts'
export { describeChange, type PlanChange } from './rules/describe-change.ts'
export { commonSubexpressions } from './physical/common-subexpressions.ts'
export { applyPhysicalRules } from './physical/apply-rules.ts'
export { createPhysicalPlan } from './physical/create-physical-plan.ts'
export { aggregateOnce, type PartialSource } from './distributed/aggregate-once.ts'
export { planDistributed, type DistributionContext } from './distributed/plan-distributed.ts'
export {
  COORDINATOR,
  explainReport,
  formatDistributedPlan,
  mergeReports,
  undistributed,
  type ExplainNode,
  type ExplainReport,
  type ExplainStage,
  type NodeReport,
  type TaskReport,
} from './distributed/explain-report.ts'
export type { AdaptivePlan, DistributedPlan, Stage, StageTask } from './distributed/stage.ts'
export { formatDecision, type JoinDecision, type MeasuredStage } from './distributed/adaptive-joins.ts'

export { evaluateConstant } from './expressions/fold-constants.ts'
export { simplifyExpr } from './expressions/simplify-expr.ts'

// For rules, sources, codecs and exchanges
export type { LogicalRule, RuleContext } from './rules/logical-rule.ts'
export { logicalRules } from './rules/registry.ts'
export { SubplanKeys } from './rules/subplan-keys.ts'
export type { PhysicalPlanningContext, PhysicalRule, PhysicalChange } from './physical/physical-rule.ts'
export { isDistributable, type Distributable, type Slice, type SplitWeight } from './distributed/distributable.ts'
export { exchangeClient, type ExchangeClient, type ExchangeSource } from './distributed/exchange-client.ts'
export { NetworkExec, type Producer } from './distributed/network-exec.ts'
export { NetworkBroadcastExec } from './distributed/network-broadcast-exec.ts'
export { NetworkCoalesceExec } from './distributed/network-coalesce-exec.ts'
export { NetworkForwardExec } from './distributed/network-forward-exec.ts'
export { NetworkShuffleExec } from './distributed/network-shuffle-exec.ts'
export { didYouMean } from './session/did-you-mean.ts'
export type { SettingDefinition } from './session/setting-definitions.ts'
