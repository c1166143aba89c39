import { defineProject } from 'vitest/config'

export default defineProject({
  test: { name: '@volley/core', include: ['test/**/*.test.ts'], testTimeout: 60_000, isolate: false, maxWorkers: 2 },
  resolve: { conditions: ['@volley/source'] },
  ssr: { resolve: { conditions: ['@volley/source', 'node', 'import', 'module', 'default'] } },
})
