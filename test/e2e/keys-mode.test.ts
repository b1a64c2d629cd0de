import { createHash } from 'node:crypto'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { json } from './call.ts'
import { masterKeys, useStack } from './harness.ts'
import { bytesOf } from './payload.ts'

const alice = `bw_${'a'.repeat(43)}`
const bob = `bw_${'b'.repeat(43)}`
const carol = `bw_${'c'.repeat(43)}`
const upstreamKey = 'rpa_of_the_gateway'

function entry(name: string, key: string, more: object = {}) {
  const sha256 = createHash('sha256').update(key).digest('hex')
  return { name, sha256, endpoints: ['*'], ...more }
}

const stack = useStack({
  worker: 'none',
  env: {
    BULKWAY_UPSTREAM_KEY: upstreamKey,
    // The second key made things before it was replaced; both are accepted.
    BULKWAY_MASTER_KEYS: masterKeys(['k2', 2], ['k1', 7]),
  },
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      '*': { ...document.endpoints['*'], upstreamKey: { env: 'BULKWAY_UPSTREAM_KEY' } },
    },
    auth: {
      mode: 'keys',
      keys: [
        entry('alice', alice),
        entry('bob', bob, { scopes: ['admin'] }),
        entry('carol', carol, { endpoints: ['always'] }),
      ],
    },
  }),
})

describe('Callers with keys of the gateway', () => {
  test("go upstream with the gateway's own key", async () => {
    await stack.submitted('hand', { input: { a: 1 } }, { key: alice })
    const sent = stack.upstream.log.at(-1)

    expect(sent?.kept?.headers['authorization']).toBe(`Bearer ${upstreamKey}`)
    expect(JSON.stringify(sent?.kept?.headers)).not.toContain(alice)
  })

  test('are unknown with any other key, and endpoints are theirs or not', async () => {
    for (const key of ['', 'rpa_test', upstreamKey, `${alice}x`, alice.slice(0, -1)]) {
      const answer = await stack.submit('hand', { input: { a: 1 } }, { key })
      expect(answer.status).toBe(401)
      expect(json(answer)['code']).toBe('unauthorized')
    }
    expect((await stack.submit('always', { input: { a: 1 } }, { key: carol })).status).toBe(200)
    expect([403, 404]).toContain(
      (await stack.submit('hand', { input: { a: 1 } }, { key: carol })).status,
    )
  })

  test("never see another principal's job", async () => {
    const id = await stack.submitted('hand', { input: { a: 1 } }, { key: alice })
    const routes = [
      ['GET', 'status'],
      ['POST', 'status'],
      ['GET', 'status-sync'],
      ['GET', 'stream'],
      ['POST', 'cancel'],
      ['POST', 'retry'],
    ] as const
    for (const [method, route] of routes) {
      const answer = await stack.call(method, `/v2/hand/${route}/${id}`, { key: bob })
      expect(answer.status, route).toBe(404)
    }
    const own = await stack.call('GET', `/v2/hand/status/${id}`, { key: alice })
    expect(json(own)).toMatchObject({ id, status: 'IN_QUEUE' })
    expect((await stack.call('GET', '/v2/hand/status/no-such-job', { key: alice })).status).toBe(
      404,
    )
  })

  test('own their runsync jobs too', async () => {
    const body = JSON.stringify({ input: { a: 1 } })
    const answer = await stack.call('POST', '/v2/hand/runsync?wait=1000', { body, key: alice })
    const { id } = json(answer)

    expect((await stack.call('GET', `/v2/hand/status/${id}`, { key: alice })).status).toBe(200)
    expect((await stack.call('GET', `/v2/hand/status/${id}`, { key: bob })).status).toBe(404)
  })

  test('need the admin scope to see or empty the queue of all', async () => {
    for (const [method, route] of [
      ['POST', 'purge-queue'],
      ['GET', 'requests'],
      ['GET', 'batch'],
    ] as const) {
      expect((await stack.call(method, `/v2/hand/${route}`, { key: alice })).status).toBe(403)
      expect((await stack.call(method, `/v2/hand/${route}`, { key: bob })).status).toBe(200)
    }
  })

  test('have no unknown paths, and of openai only what shows nothing of others', async () => {
    const before = stack.upstream.log.length
    for (const [method, path] of [
      ['POST', 'openai/v1/files'],
      ['GET', 'openai/v1/files/file-1'],
      ['GET', 'openai/v1/responses/resp_1'],
      ['GET', 'openai/v1/chat/completions'],
      ['GET', 'logs'],
      ['GET', 'job-take/w1'],
    ] as const) {
      const answer = await stack.call(method, `/v2/hand/${path}`, { key: bob })
      expect(answer.status, path).toBe(404)
    }
    expect(stack.upstream.log.slice(before)).toEqual([])
  })
})

describe('Master keys', () => {
  test('A job that was sealed with the older key goes on under the newer one', async () => {
    const file = bytesOf(200_000)
    await stack.platform.purge('always')
    const id = await stack.submitted(
      'always',
      { input: { file: file.toString('base64') } },
      { key: alice },
    )
    const job = await stack.platform.take('always')
    if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
    await stack.killGateway()
    await stack.startGateway({ BULKWAY_MASTER_KEYS: masterKeys(['k3', 3], ['k2', 2]) })

    const { Body } = await workerClient(job.s3Config).send(
      new GetObjectCommand({ Bucket: job.s3Config.bucketName, Key: `${job.input['file']}` }),
    )
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(file)).toBe(true)
    const own = await stack.call('GET', `/v2/always/status/${id}`, { key: alice })
    expect(own.status).toBe(200)
    expect((await stack.call('GET', `/v2/always/status/${id}`, { key: bob })).status).toBe(404)
  })

  test('A key that is no longer listed opens nothing', async () => {
    const id = await stack.submitted(
      'always',
      { input: { file: bytesOf(200_000).toString('base64') } },
      { key: alice },
    )
    const { s3Config } = await stack.platform.job(id)
    if (s3Config === undefined) throw new TypeError('The job has no s3Config')
    await stack.killGateway()
    await stack.startGateway({ BULKWAY_MASTER_KEYS: masterKeys(['k4', 4]) })
    const get = new GetObjectCommand({ Bucket: s3Config.bucketName, Key: 'in/0-file.bin' })

    await expect(workerClient(s3Config).send(get)).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    })
    expect((await stack.call('GET', `/v2/always/status/${id}`, { key: alice })).status).toBe(404)
  })
})
