import { CountingStore, type ObjectStore, MemoryStore, StoreResolver } from '@volley/storage'
import { describe, expect, test } from 'vitest'
import { FileBackedMetastore, MetastoreError, type SplitMetadata, parseJson, stringifyJson } from '@volley/metastore'

const INDEX_UID = 'logs:01M81P5RCJ37MYTKV991CX5QM3'

function indexJson(uid: string = INDEX_UID, version = '0.9'): Record<string, unknown> {
  return {
    version,
    index_uid: uid,
    index_config: {
      version,
      index_id: uid.split(':')[0],
      index_uri: 'ram:///root/logs',
      doc_mapping: { field_mappings: [] },
      search_settings: { default_search_fields: ['message'] },
    },
    checkpoint: {},
    create_timestamp: 7,
    sources: [{ source_id: 's', version }],
  }
}

function splitJson(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    split_state: 'Published',
    update_timestamp: 1,
    publish_timestamp: 1,
    version: '0.9',
    split_id: id,
    index_uid: INDEX_UID,
    partition_id: 0,
    num_docs: 3,
    uncompressed_docs_size_in_bytes: 10,
    time_range: { start: 100, end: 200 },
    create_timestamp: 1,
    maturity: { type: 'mature' },
    tags: [],
    footer_offsets: { start: 10, end: 20 },
    ...more,
  }
}

async function metastoreOf(
  files: Record<string, unknown>,
): Promise<{ store: ObjectStore; metastore: FileBackedMetastore }> {
  const store = new MemoryStore('ram:///root')
  for (const [path, json] of Object.entries(files)) {
    const text = typeof json === 'string' ? json : stringifyJson(json)
    await store.put(path, new TextEncoder().encode(text))
  }
  let clock = 1000
  return { store, metastore: new FileBackedMetastore(store, { now: () => clock++ }) }
}

const logs = (splits: unknown[] = [], version = '0.9'): Record<string, unknown> => ({
  version,
  index: indexJson(INDEX_UID, version),
  splits,
  delete_tasks: [{ opstamp: 1 }],
})

async function failure(work: Promise<unknown>): Promise<MetastoreError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(MetastoreError)
  return error as MetastoreError
}

describe('listing indexes', () => {
  const manifest = (indexes: Record<string, string>): unknown => ({ version: '0.9', indexes, templates: [] })

  test('shows active ones that the pattern matches, and opens those that nobody lists', async () => {
    const { metastore, store } = await metastoreOf({
      'manifest.json': manifest({ logs: 'active', made: 'creating', gone: 'deleting', 'logs-2': 'active' }),
      'logs/metastore.json': logs(),
      'logs-2/metastore.json': { version: '0.9', index: indexJson('logs-2:01M81P5RCJ37MYTKV991CX5QM3'), splits: [] },
    })
    expect(await metastore.listIndexIds()).toEqual(['logs', 'logs-2'])
    expect(await metastore.listIndexIds('logs*,-logs-2')).toEqual(['logs'])
    expect((await metastore.listIndexes('*-2')).map(({ indexId }) => indexId)).toEqual(['logs-2'])
    expect((await failure(metastore.listIndexIds('-logs'))).message).toMatch(/name at least one index to include/)
    expect((await failure(metastore.listIndexIds('a b'))).kind).toBe('invalid')
    const hidden = { version: '0.9', index: indexJson('hidden:01M81P5RCJ37MYTKV991CX5QM3'), splits: [] }
    await store.put('hidden/metastore.json', new TextEncoder().encode(stringifyJson(hidden)))
    expect((await metastore.indexMetadata('hidden')).indexId).toBe('hidden')
    expect((await failure(metastore.indexMetadata('made'))).message).toMatch(/being created/)
    expect((await failure(metastore.indexMetadata('gone'))).kind).toBe('not_found')
    expect((await failure(metastore.indexMetadata('nope'))).message).toBe(
      'index nope is not in the metastore ram:///root; it has logs, made, gone, logs-2',
    )
  })

  test('reads the manifest of older Quickwits', async () => {
    const { metastore } = await metastoreOf({
      'indexes_states.json': { logs: 'Alive', made: 'Creating', gone: 'Deleting' },
      'logs/metastore.json': logs(),
    })
    expect(await metastore.listIndexIds()).toEqual(['logs'])
    expect((await failure(metastore.indexMetadata('made'))).kind).toBe('not_found')
  })

  test.each([
    [{}, /no metastore at ram:\/\/\/root: there is no manifest.json; give the URI of the directory/],
    [{ 'metastore.json': logs() }, /this is the directory of one index: give its parent/],
    [{ 'indexes/manifest.json': manifest({}) }, /give ram:\/\/\/root\/indexes/],
    [{ 'manifest.json': '{"version":"0.6","indexes":{}}' }, /version 0.6.*let Quickwit 0.9 upgrade/],
    [{ 'manifest.json': '{"version"' }, /manifest.json is not JSON/],
    [{ 'manifest.json': '{"version":"0.9","indexes":{"a":"odd"}}' }, /index a has the state odd/],
  ] as const)('says what is wrong with a root %#', async (files, message) => {
    const { metastore } = await metastoreOf(files)
    expect((await failure(metastore.listIndexIds())).message).toMatch(message)
  })
})

describe('reading an index', () => {
  test.each(['0.7', '0.8', '0.9'])('accepts version %s with its aliases and gaps', async (version) => {
    const old = {
      split_state: 'New',
      version,
      split_id: 'old',
      index_id: 'logs',
      num_docs: 3,
      size_in_bytes: 44,
      time_range: null,
      create_timestamp: 1,
      footer_offsets: { start: 1, end: 2 },
    }
    const { metastore } = await metastoreOf({ 'logs/metastore.json': logs([old], version) })
    const index = await metastore.indexMetadata('logs')
    expect(index).toMatchObject({
      indexUid: INDEX_UID,
      createTimestamp: 7,
      searchSettings: { defaultSearchFields: ['message'] },
    })
    const [split] = await metastore.listSplits({ indexId: 'logs', states: ['Staged'] })
    expect(split).toMatchObject({
      state: 'Staged',
      uncompressedBytes: 44,
      timeRange: null,
      maturity: 'mature',
      deleteOpstamp: 0n,
      docMappingUid: '0'.repeat(26),
      tags: [],
    })
  })

  test('keeps 64-bit numbers exact', async () => {
    const big = 18446744073709551615n
    const { metastore } = await metastoreOf({ 'logs/metastore.json': logs([splitJson('a', { partition_id: big })]) })
    expect((await metastore.listSplits({ indexId: 'logs' }))[0]!.partitionId).toBe(big)
    expect(parseJson('[9007199254740993, 1.5, -9223372036854775808, 3, "12345678901234567890"]', 'x')).toEqual([
      9007199254740993n,
      1.5,
      -9223372036854775808n,
      3,
      '12345678901234567890',
    ])
  })

  test.each([
    [{ ...logs(), version: '0.5' }, /version 0.5, but only/],
    [{ ...logs(), index: indexJson('other:01M81P5RCJ37MYTKV991CX5QM3') }, /the file is that of index other/],
    [logs([splitJson('a', { footer_offsets: {} })]), /split a: footer_offsets.start is missing/],
    [logs([splitJson('a', { split_state: 'Odd' })]), /split_state is Odd/],
    [{ version: '0.9', index: {}, splits: [] }, /index: no version/],
  ])('names what is damaged %#', async (file, message) => {
    const { metastore } = await metastoreOf({ 'logs/metastore.json': file })
    const error = await failure(metastore.indexMetadata('logs'))
    expect(error.kind).toBe('corrupted')
    expect(error.message).toMatch(message)
  })

  test('reads a file again only when it may have changed', async () => {
    const { store } = await metastoreOf({ 'logs/metastore.json': logs([splitJson('a')]) })
    const counting = new CountingStore(store)
    let version = '1'
    const versioned = Object.assign(counting, { version: async () => version })
    const metastore = new FileBackedMetastore(versioned)
    await metastore.listSplits({ indexId: 'logs' })
    counting.reset()
    await metastore.listSplits({ indexId: 'logs' })
    const unchanged = counting.bytesRead
    version = '2'
    await store.put('logs/metastore.json', new TextEncoder().encode(stringifyJson(logs([]))))
    expect(await metastore.listSplits({ indexId: 'logs' })).toEqual([])
    expect(unchanged).toBe(0)

    const blind = new CountingStore(store)
    const polled = new FileBackedMetastore(blind, { pollingIntervalMs: 60_000 })
    await polled.indexMetadata('logs')
    blind.reset()
    await polled.indexMetadata('logs')
    expect(blind.bytesRead).toBe(0)
  })
})

describe('writing', () => {
  const split = (splitId: string): SplitMetadata => ({
    splitId,
    indexUid: '',
    state: 'Staged',
    numDocs: 5,
    timeRange: { start: 1, end: 2 },
    tags: ['a!', 'a:b'],
    footerStart: 10,
    footerEnd: 20,
    docMappingUid: '0'.repeat(26),
    partitionId: 3264326757911759461n,
    sourceId: 's',
    nodeId: 'n',
    uncompressedBytes: 9,
    createTimestamp: 0,
    updateTimestamp: 0,
    publishTimestamp: null,
    maturity: { maturationPeriodMillis: 5 },
    deleteOpstamp: 4n,
    numMergeOps: 1,
  })

  async function fresh(): Promise<{ metastore: FileBackedMetastore; store: ObjectStore; uid: string }> {
    const made = await metastoreOf({})
    const index = await made.metastore.createIndex({
      indexId: 'logs',
      docMapping: { mode: 'strict', field_mappings: [] },
    })
    return { ...made, uid: index.indexUid }
  }

  test('makes an index, stages, publishes, replaces, marks, deletes', async () => {
    const { metastore, store, uid } = await fresh()
    const states = async (): Promise<string[]> =>
      (await metastore.listSplits({ indexId: 'logs', states: ['Staged', 'Published', 'MarkedForDeletion'] })).map(
        ({ splitId, state }) => `${splitId} ${state}`,
      )
    await metastore.stageSplits(uid, [split('a'), split('b')])
    await metastore.stageSplits(uid, [split('a')])
    expect((await states()).sort()).toEqual(['a Staged', 'b Staged'])
    await metastore.publishSplits(uid, ['a'])
    expect((await failure(metastore.publishSplits(uid, ['a']))).kind).toBe('failed_precondition')
    expect((await failure(metastore.publishSplits(uid, ['zzz']))).kind).toBe('not_found')
    expect((await failure(metastore.stageSplits(uid, [split('a')]))).kind).toBe('failed_precondition')
    await metastore.stageSplits(uid, [split('c')])
    expect((await failure(metastore.publishSplits(uid, ['c'], ['b']))).message).toMatch(/b is Staged, not Published/)
    expect(await states()).toContain('c Staged')
    await metastore.publishSplits(uid, ['c'], ['a'])
    expect(await metastore.listSplits({ indexUid: uid })).toMatchObject([
      {
        ...split('c'),
        indexUid: uid,
        state: 'Published',
        createTimestamp: expect.any(Number),
        updateTimestamp: expect.any(Number),
        publishTimestamp: expect.any(Number),
      },
    ])
    expect((await failure(metastore.deleteSplits(uid, ['c']))).kind).toBe('failed_precondition')
    await metastore.markSplitsForDeletion(uid, ['b', 'nope'])
    await metastore.deleteSplits(uid, ['a', 'b'])
    expect(await states()).toEqual(['c Published'])
    const written = JSON.parse(new TextDecoder().decode(await store.get('logs/metastore.json'))) as Record<
      string,
      unknown
    >
    expect(Object.keys(written)).toEqual(['version', 'index', 'splits', 'delete_tasks'])
    expect(Object.keys((written.splits as object[])[0]!)).toHaveLength(19)
  })

  test('keeps what it does not know of an index', async () => {
    const { metastore, store } = await metastoreOf({ 'logs/metastore.json': { ...logs(), shards: { s: [1] } } })
    await metastore.stageSplits(INDEX_UID, [split('a')])
    const written = parseJson(new TextDecoder().decode(await store.get('logs/metastore.json')), 'x')
    expect(written).toMatchObject({ shards: { s: [1] }, delete_tasks: [{ opstamp: 1 }] })
  })

  test('runs concurrent changes one after another', async () => {
    const { metastore, uid } = await fresh()
    const ids = Array.from({ length: 12 }, (_, k) => `s${k}`)
    await Promise.all(ids.map((id) => metastore.stageSplits(uid, [split(id)])))
    await Promise.all(ids.map((id) => metastore.publishSplits(uid, [id])))
    expect((await metastore.listSplits({ indexId: 'logs' })).length).toBe(12)
  })

  test('moves checkpoints forward only', async () => {
    const { metastore } = await metastoreOf({ 'logs/metastore.json': logs() })
    const publish = async (id: string, from: string, to: string): Promise<void> => {
      await metastore.stageSplits(INDEX_UID, [split(id)])
      await metastore.publishSplits(INDEX_UID, [id], [], { sourceId: 's', perPartition: { p: { from, to } } })
    }
    await publish('a', '', '00000000000000000042')
    await publish('b', '00000000000000000042', '00000000000000000050')
    await publish('gap', '00000000000000000060', '00000000000000000070')
    expect((await failure(publish('again', '00000000000000000042', '00000000000000000080'))).message).toMatch(
      /is at 0+70 already/,
    )
    expect((await metastore.listSplits({ indexId: 'logs' })).map(({ splitId }) => splitId)).toEqual(['a', 'b', 'gap'])
  })

  test('refuses an index that exists, and forgets one with its splits', async () => {
    const { metastore, uid, store } = await fresh()
    expect((await failure(metastore.createIndex({ indexId: 'logs', docMapping: {} }))).kind).toBe('already_exists')
    expect((await failure(metastore.createIndex({ indexId: '9', docMapping: {} }))).kind).toBe('invalid')
    await metastore.stageSplits(uid, [split('a')])
    expect((await metastore.deleteIndex('logs')).map(({ splitId }) => splitId)).toEqual(['a'])
    expect((await failure(metastore.indexMetadata('logs'))).kind).toBe('not_found')
    expect(await metastore.listIndexIds()).toEqual([])
    const again = await metastore.createIndex({ indexId: 'logs', docMapping: {} })
    expect(again.indexUid).not.toBe(uid)
    expect((await failure(metastore.listSplits({ indexUid: uid }))).message).toMatch(/is gone; there is logs:/)
    await store.put('stray/metastore.json', new TextEncoder().encode('{}'))
    expect((await failure(metastore.createIndex({ indexId: 'stray', docMapping: {} }))).message).toMatch(
      /manifest does not know/,
    )
  })
})

describe('opening by URI', () => {
  test.each([
    ['', /is empty/],
    ['postgres://user:secret@host/db', /^postgres:\/\/\*\*\*@host\/db: a postgres metastore cannot be read yet/],
    ['gopher://x', /unknown scheme gopher:/],
    ['file://data', /three slashes/],
    ['ram:///x#polling_interval=30', /polling_interval=<seconds>s/],
    ['ram:///x#polling_interval=030s', /polling_interval=<seconds>s/],
    ['file:///data', /no store for file: URIs/],
  ])('refuses %s', (uri, message) => {
    expect(() => FileBackedMetastore.open(uri, new StoreResolver())).toThrow(message)
  })

  test('takes a polling interval', () => {
    expect(FileBackedMetastore.open('ram:///x#polling_interval=30s', new StoreResolver()).uri).toBe('ram:///x')
  })
})
