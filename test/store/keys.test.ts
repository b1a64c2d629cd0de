import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dayNumber,
  dayOf,
  dayOfJobFile,
  dayOfNumber,
  dayOfResult,
  dueKey,
  fileStem,
  grantKey,
  grantOfRequest,
  inputPrefix,
  jobKey,
  outputPrefix,
  payloadName,
  readDueKey,
  readGrantKey,
  requestPrefix,
  resultKey,
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

  test('tell the results of all jobs and runs apart, and their day', () => {
    expect(resultKey('2026-11-21', 'demo', 'abc-u1', 0)).toBe('results/2026-11-21/demo/abc-u1')
    const id = fc.string({ minLength: 1, unit: fc.constantFrom('a', '~', '1', '.', '/', '%', 'ü') })
    const run = fc.nat({ max: 12 })
    const job = fc.record({ endpointId: id, jobId: id, run })
    fc.assert(
      fc.property(job, job, (one, other) => {
        const [key, another] = [one, other].map(({ endpointId, jobId, run }) =>
          resultKey('2026-11-21', endpointId, jobId, run),
        )
        expect(key === another).toBe(JSON.stringify(one) === JSON.stringify(other))
        expect(dayOfResult(key ?? '')).toBe('2026-11-21')
        expect(key).not.toMatch(/\/\.{1,2}(\/|$)/)
      }),
    )
    for (const key of [
      'results/2026-11-21/demo',
      'results/2026-02-30/demo/a',
      'x/2026-11-21/d/a',
    ]) {
      expect(dayOfResult(key)).toBeUndefined()
    }
  })

  test('lead from a request id to grants, and from nothing else', () => {
    const prefix = requestPrefix('0'.repeat(32), 'demo/../x', 'f'.repeat(64))
    expect(prefix).toBe(`requests/${'0'.repeat(32)}/demo%2F..%2Fx/${'f'.repeat(64)}/`)
    expect(grantOfRequest(prefix + folder.grantId)).toBe(folder.grantId)
    for (const rest of ['', 'A'.repeat(26), `${folder.grantId}/x`, 'a'.repeat(25)]) {
      expect(grantOfRequest(prefix + rest)).toBeUndefined()
    }
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
