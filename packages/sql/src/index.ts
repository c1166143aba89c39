export { parseStatements } from './parser/parse-statements.ts'
export { bindStatement } from './binder/bind-statement.ts'
export type { AstStatement, Position } from './parser/ast.ts'
