import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import type { OutgoingRequest } from '../../src/platform.ts'
import { createRunpodRest } from '../../src/upstream/runpod-rest.ts'
import { answer } from '../intake/memory-store.ts'

const key = new Secret('rpa_operator')

function open(status: number, body: string) {
  const sent: OutgoingRequest[] = []
  const send = async (request: OutgoingRequest) => {
    sent.push(request)
    return answer(status, body)
  }
  const restUrl = 'https://rest.example/v1'
  return { sent, rest: createRunpodRest({ restUrl, timeoutMs: 1000 }, { send }) }
}

describe('RunPod’s management API', () => {
  test('is asked with the key, under escaped ids', async () => {
    const { rest, sent } = open(200, '{"networkVolumeId":"a","networkVolumeIds":["a","b"]}')
    expect(await rest.endpoint('../x', key)).toEqual({ volumeIds: ['a', 'b'], dataCenterIds: [] })
    expect(sent[0]?.url).toBe('https://rest.example/v1/endpoints/..%2Fx')
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer rpa_operator')
  })

  test('tells where a volume is, and its size', async () => {
    const { rest } = open(200, '{"id":"a","dataCenterId":"EU-RO-1","size":100}')
    expect(await rest.volume('a', key)).toEqual({ id: 'a', dataCenterId: 'EU-RO-1', size: 100 })
  })

  test.each([
    [200, 'no json'],
    [200, '[]'],
    [200, '{"id":"a"}'],
    [204, ''],
    [302, ''],
    [500, '{}'],
    [200, `"${'x'.repeat(1024 * 1024)}"`],
  ])('that answers %i %s tells nothing', async (status, body) => {
    await expect(open(status, body).rest.volume('a', key)).rejects.toMatchObject({
      fault: 'unreachable',
    })
  })

  test('gives no key away in what it throws', async () => {
    const error: unknown = await open(401, 'rpa_operator')
      .rest.endpoint('a', key)
      .catch((e) => e)
    expect(String(error)).not.toContain('rpa_operator')
    expect(error).toMatchObject({ fault: 'key_refused' })
  })
})
