import { VolleyError } from '@volley/core'

/** The command line itself is wrong: exit status 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** The user pressed Ctrl-C: exit status 130. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted')
    this.name = 'Interrupted'
  }
}

export function exitStatus(error: unknown): number {
  if (error instanceof UsageError) return 2
  if (error instanceof Interrupted) return 130
  return 1
}

/** One line on standard error that names the thing; a stack only with VOLLEY_DEBUG. */
export function printError(error: unknown): void {
  console.error(describeError(error))
  if (process.env.VOLLEY_DEBUG !== undefined && error instanceof Error) console.error(error.stack)
}

function describeError(error: unknown): string {
  if (error instanceof Interrupted) return 'interrupted'
  if (!(error instanceof VolleyError))
    return `error: ${oneLine(error instanceof Error ? error.message : String(error))}`
  const { position, split, file, worker, hint } = error.subject
  const about = [
    position === undefined ? null : `line ${position.line}, column ${position.column}`,
    split === undefined || error.message.includes(split) ? null : `split ${split}`,
    file === undefined || error.message.includes(file) ? null : `file ${file}`,
    worker === undefined || error.message.includes(worker) ? null : `worker ${worker}`,
  ].filter((part) => part !== null)
  const where = about.length === 0 ? '' : ` (${about.join(', ')})`
  return `error ${error.code}: ${oneLine(error.message)}${where}${hint === undefined ? '' : `; ${oneLine(hint)}`}`
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
