import { describe, expect, it } from 'vitest'
import type { Principal } from '../../src/auth/authenticate.ts'
import { limitBody, requireLength } from '../../src/flows/limit-body.ts'
import type { Body } from '../../src/platform.ts'
import { callOf } from './fake-deps.ts'

const principal = (maxBytes?: number): Principal => ({
  ids: async () => ['n:a'],
  mode: 'keys',
  scopes: [],
  ...(maxBytes !== undefined && { maxBytes }),
})

/** A call without Content-Length whose body comes in these chunks. */
function chunked(...lengths: number[]) {
  const chunks = lengths.map((length) => new Uint8Array(length))
  const cancelled: unknown[] = []
  const body: Body = {
    read: async () => chunks.shift(),
    cancel: async (reason) => void cancelled.push(reason),
    stream: () => new ReadableStream(),
  }
  return { call: { ...callOf('demo'), body, contentLength: undefined }, cancelled }
}

async function lengthOf(body: Body | undefined): Promise<number> {
  let length = 0
  for (let chunk = await body?.read(); chunk !== undefined; chunk = await body?.read()) {
    length += chunk.length
  }
  return length
}

describe('a caller who is bound to a size', () => {
  it('announces no more', () => {
    const call = callOf('demo', 'x'.repeat(10))
    for (const maxBytes of [10, 11, undefined]) requireLength(call, principal(maxBytes))
    expect(() => requireLength(call, principal(9))).toThrowError(
      expect.objectContaining({
        code: 'body_too_large',
        facts: { limitName: 'maxBytes', limit: 9, actual: 10 },
      }),
    )
    requireLength(callOf('demo'), principal(0))
  })

  it('sends no more, however it is cut', async () => {
    for (const lengths of [[11], [10, 1], [1, 10], [0, 5, 6], Array(11).fill(1)]) {
      const { call } = chunked(...lengths)
      await expect(lengthOf(limitBody(call, principal(10)))).rejects.toMatchObject({
        code: 'body_too_large',
        facts: { limitName: 'maxBytes', limit: 10 },
      })
      const fits = chunked(...lengths)
      expect(await lengthOf(limitBody(fits.call, principal(11)))).toBe(11)
    }
  })

  it('can be let go', async () => {
    const { call, cancelled } = chunked(1)
    await limitBody(call, principal(10))?.cancel('gone')
    expect(cancelled).toEqual(['gone'])
  })

  it('is not counted where the length is known or no limit', () => {
    const known = callOf('demo', 'abc')
    expect(limitBody(known, principal(3))).toBe(known.body)
    const { call } = chunked(1)
    expect(limitBody(call, principal())).toBe(call.body)
    expect(limitBody(callOf('demo'), principal(1))).toBeUndefined()
  })
})
