import { beforeEach, describe, expect, test } from 'vitest'
import { deleteJob } from '../../src/flows/delete-job.ts'
import type { Deps } from '../../src/flows/deps.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { settleJob } from '../../src/flows/settle-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { jobPrefix } from '../../src/store/keys.ts'
import { b2Account, fault } from '../access/fakes/b2.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf } from './fake-deps.ts'
import { type NativeBed, openB2 } from './native-bed.ts'
import { readReply } from './read-reply.ts'

const json = { 'content-type': 'application/json' }
const body = JSON.stringify({ input: { file: Buffer.alloc(75_000, 'x').toString('base64') } })
let bed: NativeBed

beforeEach(async () => {
  bed = openB2()
  await readReply(await submitJob(bed.gateway.deps, callOf('demo', body), 'run'))
  expect(bed.b2.keys.size).toBe(1)
})

async function grantOfJob(): Promise<Grant> {
  const grant = await bed.gateway.another().grants.find('demo', 'job-1')
  if (grant === undefined) throw new Error('The job has no grant')
  return grant
}

/** Lets a client see that the job is over. */
async function seeEnd(deps: Deps = bed.gateway.deps): Promise<void> {
  bed.gateway.clock.now += 60_000
  bed.platform = () => answer(200, '{"id":"job-1","status":"COMPLETED"}', json)
  await readReply(await readJob(deps, { ...callOf('demo'), method: 'GET' }, 'status', 'job-1'))
  await bed.gateway.idle()
}

const remove = () => deleteJob(bed.gateway.deps, { ...callOf('demo'), method: 'DELETE' }, 'job-1')
const deletions = () => bed.b2.calls.filter((name) => name === 'b2_delete_key').length

function refuseDeletions(status = 503, code = 'service_unavailable'): void {
  bed.b2.intercept = async (name, go) =>
    name === 'b2_delete_key' ? fault(status, code) : await go()
}

function allowDeletions(): void {
  bed.b2.intercept = (_, go) => go()
}

describe('keys that were revoked', () => {
  test('are forgotten: nobody revokes them again', async () => {
    await seeEnd()
    expect(await grantOfJob()).toMatchObject({ state: 'ended', access: 'b2' })
    expect(await grantOfJob()).not.toHaveProperty('revocation')
    await seeEnd()
    await seeEnd(bed.gateway.another())
    await remove()
    expect(deletions()).toBe(1)
  })

  test('are written about once, though two instances revoke them at once', async () => {
    const active = await grantOfJob()
    await seeEnd()
    const writes: string[] = []
    bed.gateway.store.before = (line) => void (line.startsWith('put ') && writes.push(line))
    await settleJob(bed.gateway.another(), { ...active, state: 'ended' }, 'COMPLETED')
    await bed.gateway.idle()
    expect(deletions()).toBe(2)
    expect(writes).toEqual([])
    expect(bed.gateway.logged.map(({ event }) => event)).not.toContain('revoke_failed')
  })
})

describe('keys that could not be revoked', () => {
  test('are remembered, and revoked when the end is seen again', async () => {
    const [id] = bed.b2.keys.keys()
    refuseDeletions()
    await seeEnd()
    expect(await grantOfJob()).toMatchObject({ state: 'ended', revocation: id })
    await seeEnd()
    expect(await grantOfJob()).toMatchObject({ state: 'ended', revocation: id })
    allowDeletions()
    await seeEnd()
    expect(bed.b2.keys.size).toBe(0)
    expect(await grantOfJob()).not.toHaveProperty('revocation')
  })

  test('are revoked also by an instance whose copy of the grant is still active', async () => {
    const active = await grantOfJob()
    refuseDeletions()
    await seeEnd()
    allowDeletions()
    await settleJob(bed.gateway.another(), active, 'COMPLETED')
    await bed.gateway.idle()
    expect(bed.b2.keys.size).toBe(0)
    expect(await grantOfJob()).not.toHaveProperty('revocation')
  })

  test('hold up no answer after the first', async () => {
    refuseDeletions()
    await seeEnd()
    bed.b2.intercept = () => new Promise(() => {})
    await settleJob(bed.gateway.deps, await grantOfJob(), 'COMPLETED')
    expect(await grantOfJob()).toHaveProperty('revocation')
  })

  test('wait while the job is not over', async () => {
    refuseDeletions()
    await seeEnd()
    allowDeletions()
    await settleJob(bed.gateway.deps, await grantOfJob(), 'IN_PROGRESS')
    await bed.gateway.idle()
    expect(bed.b2.keys.size).toBe(1)
  })

  test.each([
    [503, 'service_unavailable'],
    [401, 'unauthorized'],
  ])('are in the log with what the store said: %i %s', async (status, code) => {
    refuseDeletions(status, code)
    await seeEnd()
    const logged = bed.gateway.logged.filter(({ event }) => event === 'revoke_failed')
    expect(logged).toEqual([
      {
        event: 'revoke_failed',
        access: 'b2',
        reason: `Error: The issuer answered ${status} ${code} to b2_delete_key`,
      },
    ])
    expect(JSON.stringify(bed.gateway.logged)).not.toContain(b2Account.applicationKey)
  })
})

describe('deleting a job with keys of the store', () => {
  test('revokes them before the job is cancelled', async () => {
    let left: number | undefined
    bed.platform = ({ url }) => {
      if (url.includes('/cancel/')) left = bed.b2.keys.size
      return answer(200, '{"id":"job-1","status":"CANCELLED"}', json)
    }
    expect((await remove()).status).toBe(204)
    expect(left).toBe(0)
    expect(await grantOfJob()).not.toHaveProperty('revocation')
  })

  test('goes through where they cannot be revoked, and revokes them when it is repeated', async () => {
    refuseDeletions()
    expect((await remove()).status).toBe(204)
    expect(bed.b2.keys.size).toBe(1)
    allowDeletions()
    expect((await remove()).status).toBe(204)
    expect(bed.b2.keys.size).toBe(0)
  })

  test('removes all that lies in its folder, and nothing beside it', async () => {
    const { store } = bed.gateway
    const folder = jobPrefix(await grantOfJob())
    const beside = [`${folder.slice(0, -1)}x/in/a`, `${folder.slice(0, 11)}${'a'.repeat(26)}/out/a`]
    for (const name of ['out/a', 'other/b', 'c', 'webhook/d.json', '']) {
      await store.put(`${folder}${name}`, new Uint8Array(1))
    }
    for (const key of beside) await store.put(key, new Uint8Array(1))
    for (const key of [`${folder}out/open`, `${folder}open`, ...beside]) {
      await store.createUpload(key, 'video/mp4')
    }
    await remove()
    const left = [...store.objects.keys()].filter((key) => /^\d/.test(key))
    expect(left).toEqual(beside)
    expect([...store.open.values()].map(({ key }) => key)).toEqual(beside)
  })
})
