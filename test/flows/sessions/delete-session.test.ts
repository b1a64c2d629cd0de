import { beforeEach, expect, test, vi } from 'vitest'
import type { Deps } from '../../../src/flows/deps.ts'
import { deleteSession } from '../../../src/flows/sessions/delete-session.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { realKey } from '../../../src/grants/mount-path.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      train: { as: 'key', sessions: { waitSeconds: 0 } },
    },
  })
})

/** Real key of a file of the session, as the job that has it now may write it. */
async function submit(): Promise<string> {
  const call = callOf('train', '{"input":{}}', { 'bulkway-session': 'run-42' })
  await readReply(await submitJob(gateway.deps, call, 'run'))
  const grant = await gateway.deps.grants.find('train', 'job-1')
  if (grant === undefined) throw new Error('There is no grant')
  await gateway.deps.grants.update(grant.grantId, (one) => ({ ...one, state: 'ended' }))
  return realKey(grant, 'session/step-1', 'write') ?? ''
}

const remove = async (deps: Deps = gateway.deps) =>
  (await deleteSession(deps, { ...callOf('train'), method: 'DELETE' }, 'run-42')).status

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

test('a second removal of a session takes nothing from the job that has it after the first', async () => {
  const key = await submit()
  await gateway.store.put(key, new Uint8Array(1))
  const first = gate()
  const second = gate()
  const reached = gate()
  gateway.store.before = async (line) => {
    if (!line.startsWith('delete sessions/')) return
    reached.open()
    await first.opened
  }
  const one = remove()
  await reached.opened
  let isHeld = false
  gateway.store.before = async (line) => {
    // The store answers the second one late.
    if (!isHeld && line.startsWith('list sessions/')) {
      isHeld = true
      await second.opened
    }
  }
  const other = remove(gateway.another()).catch((error: unknown) => error)
  await Promise.race([other, vi.waitUntil(() => isHeld)])
  first.open()
  expect(await one).toBe(204)

  await submitAnother()
  await gateway.store.put(key, new Uint8Array(2))
  second.open()
  await other
  expect(gateway.store.objects.has(key)).toBe(true)
  expect(leases()).toHaveLength(1)
})

test('a removal that the store stopped goes on when it is asked for again', async () => {
  const key = await submit()
  for (let n = 0; n < 9; n++) await gateway.store.put(`${key}.${n}`, new Uint8Array(1))
  gateway.store.before = (line) => {
    if (line.endsWith('.7')) throw new Error('gone')
  }
  await expect(remove()).rejects.toThrow()
  gateway.store.before = () => {}
  expect(await remove()).toBe(204)
  expect(leases()).toEqual([])
})

async function submitAnother(): Promise<void> {
  gateway.upstream = ({ url }) =>
    answer(200, url.endsWith('/health') ? '{}' : '{"id":"job-2","status":"IN_QUEUE"}', {
      'content-type': 'application/json',
    })
  const call = callOf('train', '{"input":{}}', { 'bulkway-session': 'run-42' })
  await readReply(await submitJob(gateway.deps, call, 'run'))
}

const leases = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('leases/'))
