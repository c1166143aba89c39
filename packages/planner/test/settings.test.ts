import { SessionSettings } from '@volley/planner'
import { expect, test } from 'vitest'

test('settings have types, defaults and a normal form', () => {
  const settings = new SessionSettings({ cores: 4, physicalRules: ['TopKPushdown'] })
  expect(settings.targetPartitions).toBe(4)
  settings.set('TARGET_PARTITIONS', '16')
  settings.set('broadcast_threshold_bytes', '2 MiB')
  settings.set('rules.top_k_pushdown', false)
  settings.set('rules.push_down_limits', 'OFF')
  expect(settings.targetPartitions).toBe(16)
  expect(settings.get('broadcast_threshold_bytes')).toBe('2097152')
  expect(settings.ruleEnabled('TopKPushdown')).toBe(false)
  expect(settings.ruleEnabled('push_down_limits')).toBe(false)
  expect(settings.ruleEnabled('push_down_predicates')).toBe(true)
  expect(settings.show('batch_size')).toMatchObject([{ name: 'batch_size', value: '4096' }])
  const copy = settings.clone()
  settings.reset('all')
  expect(settings.targetPartitions).toBe(4)
  expect(copy.targetPartitions).toBe(16)
  expect(copy.entries().get('rules.TopKPushdown')).toBe('off')
  expect(settings.show('all').map(({ name }) => name)).toContain('rules.prune_columns')
})

test('a name or value that does not fit is an error that says what would', () => {
  const settings = new SessionSettings()
  const errorOf = (act: () => void) => {
    try {
      act()
    } catch (error) {
      return error
    }
    throw new Error('no error')
  }
  expect(errorOf(() => settings.set('target_partition', 3))).toMatchObject({
    message: 'there is no setting "target_partition"',
    code: '42704',
    subject: { hint: 'did you mean "target_partitions"?' },
  })
  expect(errorOf(() => settings.set('target_partitions', 0))).toMatchObject({
    message: 'setting "target_partitions" takes an integer from 1 to 1024, not "0"',
    code: '22023',
  })
  expect(errorOf(() => settings.show('rules.prune_column'))).toMatchObject({
    subject: { hint: 'did you mean "rules.prune_columns"?' },
  })
  expect(errorOf(() => settings.set('scoring', 'everywhere'))).toMatchObject({ code: '22023' })
})
