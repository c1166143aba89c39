import { exitStatus, printError, UsageError } from './errors.ts'
import { usage } from './usage.ts'

type Command = (args: readonly string[]) => Promise<number>

// Imported when used: a command pays for what it needs.
const commands: Record<string, () => Promise<Command>> = {
  sql: async () => (await import('./commands/sql.ts')).sql,
  explain: async () => (await import('./commands/explain.ts')).explain,
  index: async () => (await import('./commands/index-command.ts')).index,
  worker: async () => (await import('./commands/worker.ts')).worker,
  dump: async () => (await import('./commands/dump.ts')).dump,
  demo: async () => (await import('./commands/demo.ts')).demo,
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage)
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === 'version') {
    const { version } = await import('../version.ts')
    console.log(version)
    return 0
  }
  const load = commands[name]
  if (load === undefined)
    throw new UsageError(`there is no command ${name}; there are ${Object.keys(commands).join(', ')}`)
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(usage)
    return 0
  }
  return (await load())(rest)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  printError(error)
  process.exitCode = exitStatus(error)
}
