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
} from './catalog/table-provider.ts'
