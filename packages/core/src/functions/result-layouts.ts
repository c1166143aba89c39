import type { DataType } from 'apache-arrow'
import { layoutOf, typeName, typesEqual, withLayout } from '../types/data-types.ts'

/** Functions whose text has the layout of their first argument, if it is the only one or no dictionary. */
const SAME = new Set(['upper', 'lower', 'initcap', 'reverse', 'btrim', 'ltrim', 'rtrim'])
/** Functions whose numbers are encoded as a dictionary where their argument is. */
const COUNTS = new Set(['ascii', 'bit_length', 'length', 'octet_length'])
/** Functions whose text has the widest layout of their arguments. */
const JOINS = new Set(['concat', 'concat_ws', '||'])

/** The list that a function makes of lists has the layout of the first, and is large where one of them is. */
function listLayout(argTypes: readonly DataType[], returnType: DataType): DataType {
  const lists = argTypes.filter((type) => typesEqual(type, returnType) && layoutOf(type) !== null)
  const [first] = lists
  if (typeName(returnType) !== 'List' || first === undefined) return returnType
  const large = lists.find((type) => layoutOf(type)!.startsWith('LargeList'))
  const layout = layoutOf(large ?? first)!
  return /^(?:Large)?List/.test(layout) ? withLayout(returnType, layout) : returnType
}

/** A function's type under the name of the Arrow layout that goes through it. */
export function resultLayout(name: string, argTypes: readonly DataType[], returnType: DataType): DataType {
  const layout = argTypes[0] === undefined ? null : layoutOf(argTypes[0])
  if (SAME.has(name)) {
    const lost = layout === null || (argTypes.length > 1 && layout.startsWith('Dictionary'))
    return lost ? returnType : withLayout(returnType, layout)
  }
  if (COUNTS.has(name)) {
    if (layout?.startsWith('Dictionary') !== true) return returnType
    const counted = layout.replace(/(?:Utf8View|LargeUtf8|Utf8)(?=\)*$)/, (text) =>
      text === 'LargeUtf8' ? 'Int64' : 'Int32',
    )
    return withLayout(returnType, counted)
  }
  if (name.startsWith('array_')) return listLayout(argTypes, returnType)
  if (!JOINS.has(name)) return returnType
  const layouts = argTypes.map(layoutOf)
  const widest = ['Utf8View', 'LargeUtf8'].find((each) => layouts.includes(each))
  return widest === undefined ? returnType : withLayout(returnType, widest)
}
