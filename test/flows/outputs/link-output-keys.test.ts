import { describe, expect, test } from 'vitest'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import { outputPrefix } from '../../../src/store/keys.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { openB2 } from '../native-bed.ts'
import { readReply } from '../read-reply.ts'

const json = { 'content-type': 'application/json' }
const link = /^https:\/\/gateway\.example\/files\/([\w-]+)\/[^/]+$/
const webhook = 'https://client.example/hook'

/** A gateway whose `demo` links keys, or not, and a job of it that wrote two files. */
async function start(linkOutputKeys: boolean, limits: object = {}) {
  const gateway = fakeGateway({
    limits,
    endpoints: { '*': { store: 'main' }, demo: { as: 'key', s3Config: 'always', linkOutputKeys } },
  })
  const { deps, store } = gateway
  await readReply(
    await submitJob(deps, callOf('demo', JSON.stringify({ input: {}, webhook })), 'run'),
  )
  const grant = await deps.grants.find('demo', 'job-1')
  if (grant === undefined) throw new Error('no grant')
  for (const path of ['out/a b.png', 'done']) {
    await store.put(`${outputPrefix(grant)}${path}`, new TextEncoder().encode('pixels'))
  }
  return gateway
}

async function seen(
  gateway: FakeGateway,
  body: object,
): Promise<{ output: { files: string[]; [name: string]: unknown } }> {
  gateway.upstream = () => answer(200, JSON.stringify({ id: 'job-1', ...body }), json)
  const call = { ...callOf('demo'), method: 'GET' }
  return JSON.parse(await readReply(await readJob(gateway.deps, call, 'status', 'job-1')))
}

const lists = (lines: readonly string[]) => lines.filter((line) => line.startsWith('list ')).length

describe('a string that is the key of an output', () => {
  test('is a link to it in the output, and nowhere else', async () => {
    const gateway = await start(true)
    const lines: string[] = []
    gateway.store.before = (line) => void lines.push(line)
    const body = {
      status: 'done',
      workerId: 'out/a b.png',
      output: { files: ['out/a b.png', 'out/none.png', 'in/x', ''], 'out/a b.png': { n: 'done' } },
    }
    const told = await seen(gateway, body)
    const [first = '', ...others] = told.output.files
    const [, sealed = ''] = link.exec(first) ?? []
    expect(await readReply(await readFile(gateway.deps, 'GET', sealed, new Headers()))).toBe(
      'pixels',
    )
    expect(others).toEqual(['out/none.png', 'in/x', ''])
    expect(told.output['out/a b.png']).toEqual({ n: expect.stringMatching(link) })
    expect(told).toMatchObject({ status: 'done', workerId: 'out/a b.png' })
    expect(lists(lines)).toBe(1)
  })

  test('is a link in a stream and in the webhook as well', async () => {
    const gateway = await start(true)
    gateway.upstream = () =>
      answer(200, '{"status":"IN_PROGRESS","stream":[{"output":"done"}]}', json)
    const call = { ...callOf('demo'), method: 'GET' }
    const text = await readReply(await readJob(gateway.deps, call, 'stream', 'job-1'))
    expect(JSON.parse(text).stream[0].output).toMatch(link)

    const sent = gateway.sent.find(({ url }) => url.endsWith('/run'))
    const token = JSON.parse(Buffer.from(sent?.body ?? []).toString())
      .webhook.split('/')
      .at(-1)
    gateway.upstream = () => answer(200)
    const { body } = answer(200, '{"id":"job-1","status":"COMPLETED","output":["done"]}')
    await readReply(await receiveWebhook(gateway.deps, token, body))
    const relayed = gateway.sent.findLast(({ url }) => url === webhook)
    expect(JSON.parse(Buffer.from(relayed?.body ?? []).toString()).output[0]).toMatch(link)
  })

  test('is the key of the store, where its keys are the worker’s', async () => {
    const bed = openB2({ linkOutputKeys: true })
    const { deps, store } = bed.gateway
    await readReply(
      await submitJob(
        deps,
        callOf(
          'demo',
          JSON.stringify({ input: { file: Buffer.alloc(75_000, 'x').toString('base64') } }),
        ),
        'run',
      ),
    )
    const grant = await deps.grants.find('demo', 'job-1')
    if (grant === undefined) throw new Error('no grant')
    const key = `${outputPrefix(grant)}a.png`
    await store.put(key, new TextEncoder().encode('pixels'))
    const output = [key, 'a.png', `${outputPrefix(grant)}b.png`]
    bed.platform = () => answer(200, JSON.stringify({ id: 'job-1', output }), json)
    const call = { ...callOf('demo'), method: 'GET' }
    const text = await readReply(await readJob(deps, call, 'status', 'job-1'))
    const [first, ...others] = JSON.parse(text).output
    expect(first).toMatch(link)
    expect(others).toEqual(output.slice(1))
  })

  test('stays where the endpoint does not ask, and costs no look at the store without one', async () => {
    const gateway = await start(false)
    const lines: string[] = []
    gateway.store.before = (line) => void lines.push(line)
    expect(await seen(gateway, { output: 'done' })).toEqual({ id: 'job-1', output: 'done' })
    expect(lists(lines)).toBe(0)
    const asking = await start(true)
    asking.store.before = (line) => void lines.push(line)
    await seen(asking, { status: 'IN_PROGRESS' })
    expect(lists(lines)).toBe(0)
  })

  test('stays where the store cannot tell, or tells of too many', async () => {
    const down = await start(true)
    down.store.before = (line) => {
      if (line.startsWith('list ')) throw unavailable()
    }
    expect(await seen(down, { output: 'done' })).toEqual({ id: 'job-1', output: 'done' })
    expect(down.logged).toContainEqual(expect.objectContaining({ event: 'outputs_not_listed' }))
    const few = await start(true, { listedOutputs: 0 })
    expect(await seen(few, { output: 'done' })).toEqual({ id: 'job-1', output: 'done' })
    expect(few.logged).toContainEqual(
      expect.objectContaining({ event: 'outputs_not_listed', reason: 'too many' }),
    )
  })
})
