import { CaseExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const caseExprCodec: ExprCodec = defineExprCodec({
  kind: 'Case',
  message: volley.codec.CaseExpr,
  encode: ({ otherwise, type }: CaseExpr, context) => ({ hasElse: otherwise !== null, type: context.encodeType(type) }),
  decode: ({ hasElse, type }, children, context) => {
    const count = children.length - Number(hasElse)
    if (count < 2 || count % 2 !== 0) throw malformed('Case has a branch without a result')
    const branches = Array.from({ length: count / 2 }, (_, i) => ({
      when: children[2 * i]!,
      // oxlint-disable-next-line unicorn/no-thenable -- CASE's own word
      then: children[2 * i + 1]!,
    }))
    return new CaseExpr(branches, hasElse ? children[count]! : null, context.decodeType(type))
  },
})
