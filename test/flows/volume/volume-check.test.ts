import { describe, expect, test } from 'vitest'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { startUpload } from '../../../src/flows/uploads/start-upload.ts'
import type { IncomingResponse } from '../../../src/platform.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'
import { openVolume } from './volume-bed.ts'

const json = { 'content-type': 'application/json' }
const image = Buffer.alloc(75_000, 'x').toString('base64')
const rest = 'https://rest.runpod.io/v1/'
const both: Readonly<Record<string, object>> = {
  agv6w2qcg7: { id: 'agv6w2qcg7', name: 'v', size: 100, dataCenterId: 'EU-RO-1' },
  ksvolume01: { id: 'ksvolume01', name: 'k', size: 50, dataCenterId: 'US-KS-2' },
}

/** What RunPod says: an endpoint, its volumes, or a status for all of it; 0 breaks the connection. */
interface Said {
  endpoint?: object
  volumes?: Readonly<Record<string, object>>
  status?: number
}

/** A gateway whose `demo` has its volumes looked up. */
function start(said: Said, endpoint: object = {}, runpod: object = {}) {
  const bed = openVolume(
    { volumes: 'lookup', ...endpoint },
    { runpod: { apiKey: { env: 'ANY' }, ...runpod } },
  )
  const asked: string[] = []
  const { gateway } = bed
  let jobs = 0
  gateway.upstream = async (sent): Promise<IncomingResponse> => {
    if (!sent.url.startsWith(rest)) {
      if (sent.url.endsWith('/run')) jobs++
      return answer(200, `{"id":"job-${jobs}","status":"IN_QUEUE"}`, json)
    }
    expect(sent.headers.get('authorization')).toBe('Bearer any-secret')
    const path = sent.url.slice(rest.length)
    asked.push(path)
    if (said.status === 0) throw new Error('connect ECONNREFUSED')
    if (said.status !== undefined) return answer(said.status, '{"error":"as asked"}', json)
    const [kind, id = ''] = path.split('/')
    const found = kind === 'endpoints' ? said.endpoint : (said.volumes ?? both)[id]
    return found === undefined
      ? answer(404, '{"error":"not found"}', json)
      : answer(200, JSON.stringify(found), json)
  }
  const run = async () =>
    await submitJob(bed.deps, callOf('demo', `{"input":{"a":"${image}"}}`), 'run')
  const faults = async () => (await bed.deps.volumeCheck?.faults())?.map(({ message }) => message)
  const events = () => gateway.logged.map(({ event }) => event)
  return { ...bed, asked, run, faults, events }
}

const attached = { id: 'demo', networkVolumeId: 'agv6w2qcg7', networkVolumeIds: ['agv6w2qcg7'] }

describe('volumes that are looked up', () => {
  test('are taken where they are those of the store, and asked for once', async () => {
    const bed = start({ endpoint: { ...attached, dataCenterIds: ['EU-RO-1', 'EU-CZ-1'] } })
    expect(await bed.faults()).toEqual([])
    expect((await bed.run()).status).toBe(200)
    expect(bed.asked).toEqual(['endpoints/demo', 'networkvolumes/agv6w2qcg7'])
  })

  test('are asked for anew after a while, beside the request', async () => {
    const said: Said = { endpoint: attached }
    const bed = start(said, {}, { cacheSeconds: 60 })
    await bed.run()
    bed.gateway.clock.now += 61_000
    said.endpoint = { id: 'demo', networkVolumeId: 'ksvolume01' }
    await bed.run().catch(() => {})
    await bed.gateway.idle()
    await expect(bed.run()).rejects.toMatchObject({ code: 'misconfigured' })
    said.endpoint = attached
    await expect(bed.run()).rejects.toMatchObject({ code: 'misconfigured' })
    bed.gateway.clock.now += 11_000
    expect((await bed.run()).status).toBe(200)
  })

  test.each([
    [
      'another volume',
      { endpoint: { networkVolumeId: 'ksvolume01' } },
      'has the network volume ksvolume01 (US-KS-2), the store "volume" writes to agv6w2qcg7 (EU-RO-1): attach that, or name the other in the store',
    ],
    [
      'no volume',
      { endpoint: { id: 'demo', networkVolumeId: null, networkVolumeIds: [] } },
      'has no network volume: attach agv6w2qcg7 (EU-RO-1), to which the store "volume" writes',
    ],
    [
      'the volume in another datacenter',
      {
        endpoint: attached,
        volumes: { agv6w2qcg7: { ...both['agv6w2qcg7'], dataCenterId: 'US-KS-2' } },
      },
      'has the network volume agv6w2qcg7 in US-KS-2, the store "volume" says EU-RO-1',
    ],
    [
      'workers in another datacenter',
      { endpoint: { ...attached, dataCenterIds: ['US-KS-2'] } },
      'runs in US-KS-2, its network volume agv6w2qcg7 (EU-RO-1) is in none of these',
    ],
    [
      'a volume that is gone',
      { endpoint: attached, volumes: {} },
      'has the network volume agv6w2qcg7, which does not exist any more',
    ],
  ])('are a fault where the endpoint has %s', async (_, said, message) => {
    const bed = start(said)
    expect(await bed.faults()).toEqual([message])
    await expect(bed.run()).rejects.toMatchObject({
      code: 'misconfigured',
      detail: `Cannot stage anything: the endpoint ${message}`,
    })
    expect(bed.volume.objects.size).toBe(0)
    expect(bed.gateway.sent.some(({ url }) => url.endsWith('/run'))).toBe(false)
    expect(bed.events()).toContain('volumes_mismatch')
  })

  const several = { networkVolumeId: 'agv6w2qcg7', networkVolumeIds: ['agv6w2qcg7', 'ksvolume01'] }

  test('are refused where there are several, unless all are wanted and named', async () => {
    const [refused] = (await start({ endpoint: several }).faults()) ?? []
    expect(refused).toContain(
      'has several network volumes (agv6w2qcg7 (EU-RO-1), ksvolume01 (US-KS-2))',
    )
    const [unnamed] = (await start({ endpoint: several }, { severalVolumes: 'all' }).faults()) ?? []
    expect(unnamed).toContain('has the network volume ksvolume01 (US-KS-2) as well')
    expect(unnamed).toContain('add it to /stores/volume/replicas')
  })

  test.each([
    [401, 'RunPod does not know the key'],
    [403, 'the key is restricted'],
    [404, 'there is no such endpoint in the account of the key'],
    [400, 'there is no such endpoint in the account of the key'],
  ])('are a fault at first where RunPod answers %i, and say what to do', async (status, advice) => {
    const bed = start({ status })
    const [fault] = (await bed.faults()) ?? []
    expect(fault).toContain(advice)
    await expect(bed.run()).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test('stand as they stood where the key is withdrawn later', async () => {
    const said: Said = { endpoint: attached }
    const bed = start(said, {}, { cacheSeconds: 60 })
    await bed.run()
    said.status = 403
    for (let tried = 0; tried < 3; tried++) {
      bed.gateway.clock.now += 61_000
      expect((await bed.run()).status).toBe(200)
      await bed.gateway.idle()
    }
    expect(bed.events()).toContain('volumes_unknown')
  })

  test.each([0, 429, 500, 502])('hold nobody up where RunPod answers %i', async (status) => {
    const bed = start({ status })
    expect(await bed.faults()).toEqual([])
    expect((await bed.run()).status).toBe(200)
    expect(bed.asked).toHaveLength(1)
    bed.gateway.clock.now += 11_000
    expect((await bed.run()).status).toBe(200)
    await bed.gateway.idle()
    expect(bed.asked).toHaveLength(2)
    expect(bed.events()).toContain('volumes_unknown')
  })

  test('keep uploads from being started for workers that would not find them', async () => {
    const bed = start({ endpoint: { networkVolumeId: 'ksvolume01' } })
    const call = callOf('demo', JSON.stringify({ size: 5, filename: 'a.bin' }), json)
    await expect(startUpload(bed.deps, call)).rejects.toMatchObject({ code: 'misconfigured' })
    expect(bed.volume.open.size).toBe(0)
  })

  test('keep no job back that has nothing on them', async () => {
    const bed = start({ endpoint: { networkVolumeId: 'ksvolume01' } })
    const webhook = 'https://client.example/hook'
    const submit = async (input: object) =>
      await submitJob(bed.deps, callOf('demo', JSON.stringify({ input, webhook })), 'run')
    expect((await submit({ text: 'short' })).status).toBe(200)
    await expect(submit({ out: 'bulkway:output' })).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test('keep nobody from the jobs that there are', async () => {
    const said: Said = { endpoint: attached }
    const bed = start(said, {}, { cacheSeconds: 1 })
    await readReply(await bed.run())
    said.endpoint = { networkVolumeId: 'ksvolume01' }
    bed.gateway.clock.now += 2_000
    await bed.run().catch(() => {})
    await bed.gateway.idle()
    await expect(bed.run()).rejects.toMatchObject({ code: 'misconfigured' })
    const call = { ...callOf('demo'), method: 'GET' }
    expect((await readJob(bed.deps, call, 'status', 'job-1')).status).toBe(200)
  })

  test('are not those of jobs that reach their files otherwise', async () => {
    const bed = start({ status: 404 }, { as: 'key', access: 'job-bucket' })
    expect(await bed.faults()).toEqual([])
    expect((await bed.run()).status).toBe(200)
    expect(bed.asked).toEqual([])
  })
})
