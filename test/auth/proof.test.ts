import { beforeEach, describe, expect, it } from 'vitest'
import { createProof } from '../../src/auth/proof.ts'
import { GatewayError } from '../../src/errors.ts'
import { Secret } from '../../src/log.ts'
import { ringOf } from '../config/rings.ts'

let now = 0
let asked = 0
const platform = { now: () => now }
const answer = (status: number) => async () => {
  asked += 1
  return status
}
const keyOf = (text: string) => ({ key: new Secret(text), scheme: 'raw' as const })
const proofOf = (maxEntries = 10) =>
  createProof({ keyring: ringOf('a1'), platform, seconds: 60, maxEntries })

beforeEach(() => {
  now = 1_000_000
  asked = 0
})

describe('the proof of a key', () => {
  it('is asked for once in its time, for each key and endpoint', async () => {
    const proof = proofOf()
    for (let i = 0; i < 3; i++) {
      expect(await proof.prove('demo', keyOf('k'), answer(200))).toEqual({ proven: true })
    }
    expect(asked).toBe(1)
    await proof.prove('other', keyOf('k'), answer(200))
    await proof.prove('demo', keyOf('k2'), answer(200))
    expect(asked).toBe(3)
    now += 59_999
    await proof.prove('demo', keyOf('k'), answer(200))
    expect(asked).toBe(3)
    now += 1
    await proof.prove('demo', keyOf('k'), answer(200))
    expect(asked).toBe(4)
  })

  it('counts its time from the question, not from use', async () => {
    const proof = proofOf()
    await proof.prove('demo', keyOf('k'), async () => {
      now += 30_000
      return 200
    })
    now += 30_000
    expect(await proof.prove('demo', keyOf('k'), answer(401))).toEqual({
      proven: false,
      status: 401,
    })
  })

  it('passes on a refusal and does not remember it', async () => {
    const proof = proofOf()
    for (const status of [401, 403, 404, 429]) {
      const verdict = await proof.prove('demo', keyOf('k'), answer(status))
      expect(verdict).toEqual({ proven: false, status })
    }
    expect(await proof.prove('demo', keyOf('k'), answer(200))).toEqual({ proven: true })
  })

  it('is no verdict when upstream fails', async () => {
    const proof = proofOf()
    for (const status of [302, 500, 502, 524]) {
      await expect(proof.prove('demo', keyOf('k'), answer(status))).rejects.toMatchObject({
        code: 'upstream_unreachable',
      })
    }
    const gone = () => Promise.reject(new Error('reset'))
    await expect(proof.prove('demo', keyOf('k'), gone)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
    const own = new GatewayError('misconfigured', 'x')
    await expect(proof.prove('demo', keyOf('k'), () => Promise.reject(own))).rejects.toBe(own)
  })

  it('forgets the key that was unused longest when there are too many', async () => {
    const proof = proofOf(2)
    await proof.prove('demo', keyOf('a'), answer(200))
    await proof.prove('demo', keyOf('b'), answer(200))
    await proof.prove('demo', keyOf('a'), answer(200))
    await proof.prove('demo', keyOf('c'), answer(200))
    expect(asked).toBe(3)
    await proof.prove('demo', keyOf('a'), answer(200))
    expect(asked).toBe(3)
    await proof.prove('demo', keyOf('b'), answer(200))
    expect(asked).toBe(4)
  })

  it('does not outlive a clock that was set back', async () => {
    const proof = proofOf()
    await proof.prove('demo', keyOf('a'), answer(200))
    now -= 10_000
    await proof.prove('demo', keyOf('a'), answer(200))
    expect(asked).toBe(2)
  })
})
