import { JSON_TYPE } from '@volley/core'
import { Int32, Utf8 } from 'apache-arrow'
import { FakeTable } from './fake-table.ts'

const INT = new Int32()
const TEXT = new Utf8()
const nullable = (name: string, type = INT) => ({ name, type, nullable: true })

export const people: FakeTable = new FakeTable(
  'people',
  [{ name: 'id', type: INT, nullable: false }, nullable('team'), nullable('age'), nullable('bio', TEXT)],
  [
    {
      id: 'p1',
      rows: [
        [1, 10, 30, 'likes red tea'],
        [2, 10, null, 'red'],
        [3, 20, 25, null],
      ],
    },
    {
      id: 'p2',
      rows: [
        [4, null, 41, 'blue tea'],
        [5, 30, 25, 'green'],
        [6, 20, 60, 'red red wine'],
      ],
    },
  ],
)

export const teams: FakeTable = new FakeTable(
  'teams',
  [nullable('team'), nullable('city', TEXT), nullable('size')],
  [
    {
      id: 't1',
      rows: [
        [10, 'Oslo', 2],
        [20, 'Rome', null],
        [null, 'Nice', 1],
        [40, 'Oslo', 9],
      ],
    },
  ],
)

export const logs: FakeTable = new FakeTable(
  'logs',
  [
    { name: 'message', type: TEXT, nullable: true },
    { name: 'level', type: TEXT, nullable: true },
    { name: 'attrs', type: JSON_TYPE, nullable: true },
  ],
  [
    {
      id: 's1',
      rows: [
        ['disk full', 'error', '{"http":{"method":"GET"}}'],
        ['ok', 'info', '{"http":{}}'],
      ],
    },
    {
      id: 's2',
      rows: [
        ['disk slow', 'warn', '{"http":{"method":"PUT"}}'],
        ['disk full again', 'error', '{}'],
      ],
    },
  ],
  { paths: true },
)
