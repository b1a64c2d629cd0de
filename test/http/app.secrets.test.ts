import { beforeEach, describe, expect, test } from 'vitest'
import { submitJob } from '../../src/flows/submit-job.ts'
import { createApp } from '../../src/http/app.ts'
import { makeFileLink } from '../../src/outputs/file-link.ts'
import { callOf, type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { readReply } from '../flows/read-reply.ts'
import { unavailable } from '../intake/memory-store.ts'
import { requestAccess } from './request-access.ts'

let gateway: FakeGateway
let token: string
let sealed: string

beforeEach(async () => {
  gateway = fakeGateway()
  const { deps, clock } = gateway
  const body = '{"input":{},"webhook":"https://client.example/hook"}'
  await readReply(await submitJob(deps, callOf('demo', body), 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  token = sent.webhook.split('/').at(-1)
  const grant = await deps.grants.find('demo', 'job-1')
  const link = await makeFileLink({
    keyring: deps.keyring,
    publicUrl: 'https://gateway.example',
    grantId: grant?.grantId ?? '',
    path: 'a.png',
    expiresAt: clock.now + 600_000,
  })
  sealed = link.split('/').at(-2) ?? ''
})

describe('a problem and the log', () => {
  test.each([
    ['POST', '/files/{sealed}/a.png'],
    ['PUT', '/files/{sealed}/a.png'],
    ['DELETE', '/files/{sealed}/a.png'],
    ['GET', '/files/{sealed}'],
    ['GET', '/files/{sealed}/a.png/more'],
    ['GET', '/files/{sealed}/a.png'],
    ['GET', '/webhooks/{token}'],
    ['PUT', '/webhooks/{token}'],
    ['POST', '/webhooks/{token}'],
    ['POST', '/webhooks/{token}/more'],
    ['GET', '/v2/demo/status/{token}%2F?x={sealed}'],
  ])('repeat no sealed link: %s %s', async (method, path) => {
    const url = path.replace('{token}', token).replace('{sealed}', sealed)
    gateway.store.before = () => {
      throw unavailable()
    }
    const response = await createApp(gateway.deps, requestAccess).request(url, {
      method,
      headers: { authorization: 'Bearer a-key' },
    })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const shown = (await response.text()) + JSON.stringify([...response.headers])
    for (const text of [shown, JSON.stringify(gateway.logged)]) {
      expect(text).not.toContain(sealed)
      expect(text).not.toContain(token)
    }
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: 'problem' }))
  })
})
