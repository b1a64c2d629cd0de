import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dayNumber,
  dayOf,
  dayOfJobFile,
  dayOfNumber,
  dueKey,
  fileStem,
  grantKey,
  inputPrefix,
  jobKey,
  outputPrefix,
  payloadName,
  readDueKey,
  readGrantKey,
} from '../../src/store/keys.ts'

const folder = { day: '2026-11-21', grantId: 'a'.repeat(26) }

describe('object keys', () => {
  test('number days there and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (days) => {
        expect(dayNumber(dayOfNumber(days))).toBe(days)
      }),
    )
  })

  test.for(['2026-02-30', '2026-13-01', '26-01-01', '2200-01-01', '1969-12-31', 'x', '2026-1-1'])(
    'take %s for no day',
    (day) => {
      expect(dayNumber(day)).toBeUndefined()
    },
  )

  test('take the UTC day', () => {
    expect(dayOf(Date.parse('2026-11-21T23:59:59.999Z'))).toBe('2026-11-21')
  })

  test('put inputs and outputs under the day and the grant', () => {
    expect(inputPrefix(folder)).toBe(`2026-11-21/${folder.grantId}/in/`)
    expect(outputPrefix(folder)).toBe(`2026-11-21/${folder.grantId}/out/`)
    expect(dayOfJobFile(`${inputPrefix(folder)}0-image.png`)).toBe('2026-11-21')
    expect(dayOfJobFile(`${outputPrefix(folder)}a/b`)).toBe('2026-11-21')
  })

  // Keys of the store itself let a worker write anywhere in its job's folder.
  test.for(['webhook/x.json', 'other/x', 'in/', 'x', '/', '\n', '\u2028x'])(
    'take %j in a job’s folder for a job file',
    (name) => {
      expect(dayOfJobFile(`2026-11-21/${'a'.repeat(26)}/${name}`)).toBe('2026-11-21')
    },
  )

  test.for([
    '2026-11-21/notes.txt',
    `2026-11-21/${'a'.repeat(26)}/`,
    `2026-11-21/${'a'.repeat(26)}`,
    `2026-11-21/${'a'.repeat(25)}/in/x`,
    `2026-02-30/${'a'.repeat(26)}/in/x`,
    `backup/2026-11-21/${'a'.repeat(26)}/in/x`,
  ])('do not take %s for a job file', (key) => {
    expect(dayOfJobFile(key)).toBeUndefined()
  })

  test.for([
    ['/input/image', 'image'],
    ['/input/images/3/image', 'image'],
    ['/input/images/3', 'images'],
    ['/input/a~1b~0c', 'a-b-c'],
    ['', 'payload'],
    ['/input/ä', 'payload'],
    [`/input/${'x'.repeat(100)}`, 'x'.repeat(40)],
  ] as const)('make of the pointer %s the stem %s', ([pointer, stem]) => {
    expect(fileStem(pointer)).toBe(stem)
  })

  test('make a safe name of any pointer', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(payloadName(0, `/${text}`, 'bin')).toMatch(/^0-[A-Za-z0-9_-]{1,40}\.bin$/)
      }),
    )
  })

  test('keep any job id within one segment', () => {
    expect(jobKey('demo', 'abc-u1')).toBe('jobs/demo/abc-u1')
    expect(jobKey('demo', '../x')).toBe('jobs/demo/..%2Fx')
    expect(jobKey('demo', '..')).toBe('jobs/demo/%2E%2E')
  })

  test('round the due minute up, and read it back', () => {
    const key = dueKey(Date.parse('2026-11-21T01:41:00.001Z'), folder.grantId)
    expect(key).toBe(`due/2026-11-21T01:42Z/${folder.grantId}`)
    expect(readDueKey(key)).toEqual({
      atMs: Date.parse('2026-11-21T01:42:00Z'),
      grantId: folder.grantId,
    })
    expect(readDueKey('due/soon/x')).toBeUndefined()
  })

  test('read a grant key back', () => {
    expect(readGrantKey(grantKey(folder))).toEqual(folder)
    expect(readGrantKey('grants/2026-11-21/short')).toBeUndefined()
  })
})
