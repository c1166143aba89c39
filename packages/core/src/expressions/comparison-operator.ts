export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM'

const MIRRORED: Readonly<Partial<Record<ComparisonOperator, ComparisonOperator>>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/** The operator that says the same with its sides exchanged. */
export function mirroredOperator(op: ComparisonOperator): ComparisonOperator {
  return MIRRORED[op] ?? op
}
