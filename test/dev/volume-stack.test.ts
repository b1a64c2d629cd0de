import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import runpodSdk from 'runpod-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import { memberOf } from '../../dev/scene/facts.ts'
import { type DevStack, defaultConfig, startStack } from '../../dev/stack.ts'

// Without a gateway: the client tells the worker paths of the volume by itself.
let stack: DevStack
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-volumes-'))
  stack = await startStack({
    runtime: 'node',
    port: await freePorts(6),
    directory,
    gateway: false,
    store: 'none',
    volume: {
      volumes: [
        { id: 'vol1', dataCenterId: 'EU-RO-1' },
        { id: 'vol2', dataCenterId: 'US-KS-2', sizeBytes: 20e9 },
      ],
      mountPath: '/runpod-volume',
    },
  })
}, 60_000)

afterAll(async () => {
  await stack.stop()
  await rm(directory, { recursive: true, force: true })
})

function volumes() {
  if (stack.volume === undefined) throw new TypeError('There are no volumes')
  return stack.volume
}

async function perform(input: object): Promise<unknown> {
  const endpoint = runpodSdk('any', { baseUrl: `${stack.platformUrl}/v2` }).endpoint('volume')
  const { status, output } = (await endpoint?.runSync({ input }, 30_000)) ?? {}
  expect(status, JSON.stringify(output)).toBe('COMPLETED')
  return output
}

test('the sample worker reads files of the volume, and no directories', async () => {
  const [first] = volumes().volumes
  await writeFile(join(first?.directory ?? '', 'weights.bin'), 'weights')
  const output = await perform({
    task: 'digest',
    nested: [{ file: '/runpod-volume/weights.bin', directory: '/runpod-volume/' }],
  })
  expect(memberOf(output, 'files')).toEqual([
    {
      path: '/runpod-volume/weights.bin',
      bytes: 7,
      sha256: createHash('sha256').update('weights').digest('hex'),
    },
  ])
})

test('the sample worker writes below a directory of the volume', async () => {
  const [first] = volumes().volumes
  const input = { task: 'write', directory: '/runpod-volume/out', key: 'a/b.bin', bytes: 3_000_000 }
  const output = await perform(input)
  expect(memberOf(output, 'path')).toBe('/runpod-volume/out/a/b.bin')
  const bytes = await readFile(join(first?.directory ?? '', 'out/a/b.bin'))
  expect(memberOf(output, 'sha256')).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('a volume has the server of its datacenter, and a key of the account', async () => {
  const { volumes: all, server, key } = volumes()
  expect(all.map(({ id, dataCenterId }) => [id, dataCenterId])).toEqual([
    ['vol1', 'EU-RO-1'],
    ['vol2', 'US-KS-2'],
  ])
  expect(server().url).not.toBe(server('US-KS-2').url)
  expect(key.accessKeyId).toMatch(/^user_/)
  expect(key.secretAccessKey).toMatch(/^rps_/)
})

test('the configuration names each volume and its datacenter', () => {
  const facts = { endpoint: 'http://127.0.0.1:1', region: 'auto', bucket: 'b' }
  const config = defaultConfig(8787, facts, volumes())
  expect(config.stores.volume).toMatchObject({
    kind: 'runpod-volume',
    bucket: 'vol1',
    dataCenterId: 'EU-RO-1',
    mountPath: '/runpod-volume',
    replicas: [{ bucket: 'vol2', dataCenterId: 'US-KS-2' }],
  })
  expect(config.endpoints.volume).toMatchObject({ store: 'volume', as: 'path', access: 'volume' })
  expect(defaultConfig(8787, facts).endpoints).not.toHaveProperty('volume')
})

test('the management API tells the volumes of an endpoint, to a key that may know', async () => {
  const { rest } = volumes()
  rest.endpoints.set('e1', { id: 'e1', networkVolumeId: 'vol1', networkVolumeIds: ['vol1'] })
  const get = async (path: string, key = 'rpa_dev') => {
    const headers = { authorization: `Bearer ${key}` }
    const answer = await fetch(`${rest.url}${path}`, { headers })
    return [answer.status, await answer.json()]
  }
  expect(await get('/endpoints/e1')).toEqual([
    200,
    { id: 'e1', networkVolumeId: 'vol1', networkVolumeIds: ['vol1'] },
  ])
  expect(await get('/networkvolumes/vol2')).toEqual([
    200,
    { id: 'vol2', name: 'vol2', size: 20, dataCenterId: 'US-KS-2' },
  ])
  expect((await get('/endpoints/e2'))[0]).toBe(404)
  expect((await get('/endpoints/e1', 'other'))[0]).toBe(401)
  rest.restrictedKeys.add('narrow')
  expect((await get('/endpoints/e1', 'narrow'))[0]).toBe(403)
  rest.failing = 502
  expect((await get('/endpoints/e1'))[0]).toBe(502)
  rest.failing = undefined
})
