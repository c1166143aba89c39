import fs from 'node:fs'
import { UsageError } from './errors.ts'

export interface VolleyConfig {
  readonly metastore?: string
  readonly settings: Readonly<Record<string, string>>
}

/**
 * Reads `volley.yaml` of the working directory: `key: value` lines, one setting each, `metastore` among them. Only this
 * flat form of YAML has a meaning here; anything else is refused.
 */
export function readConfig(path = 'volley.yaml'): VolleyConfig {
  if (!fs.existsSync(path)) return { settings: {} }
  const settings: Record<string, string> = {}
  for (const [i, line] of fs.readFileSync(path, 'utf8').split('\n').entries()) {
    const text = line.replace(/(^|\s)#.*$/, '').trim()
    if (text === '') continue
    const match = /^([A-Za-z_][\w.]*):\s+(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(text)
    if (match === null) throw new UsageError(`${path}, line ${i + 1}: expected "key: value"`)
    settings[match[1]!] = match[2] ?? match[3] ?? match[4]!
  }
  const { metastore, ...rest } = settings
  return { ...(metastore === undefined ? {} : { metastore }), settings: rest }
}
