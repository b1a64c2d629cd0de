import { beforeEach, describe, expect, test } from 'vitest'
import { deleteJob } from '../../../src/flows/delete-job.ts'
import type { Call, Deps } from '../../../src/flows/deps.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { retryJob } from '../../../src/flows/retry-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import type { Grant } from '../../../src/grants/grant.ts'
import { NotSent } from '../../../src/platform.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway, type Sent } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway
/** What happens at a time of the clock, while somebody waits. */
let plans: { readonly atMs: number; run(): unknown }[]
/** Status of each job, by its id; absent: upstream has forgotten it. */
let jobs: Map<string, string>
let waited: number

const endpoints = {
  '*': { upstream: 'https://upstream.example/v2', store: 'main' },
  train: { as: 'key', stage: 'always', stageMinBytes: 8, sessions: {} },
  shared: { as: 'key', sessions: { exclusive: false } },
  patient: { as: 'key', sessions: { waitSeconds: 600 } },
  hasty: { as: 'key', stage: 'always', stageMinBytes: 8, sessions: { waitSeconds: 0 } },
}
const json = { 'content-type': 'application/json' }

beforeEach(() => {
  gateway = fakeGateway({ endpoints })
  plans = []
  jobs = new Map()
  waited = 0
  gateway.upstream = upstream
})

function upstream({ url }: Sent) {
  const [operation, id] = new URL(url).pathname.split('/').slice(3)
  if (operation === 'health') return answer(200, '{}')
  if (operation === 'run' || operation === 'runsync') {
    const job = `job-${jobs.size + 1}`
    jobs.set(job, 'IN_QUEUE')
    return answer(200, JSON.stringify({ id: job, status: 'IN_QUEUE' }), json)
  }
  if (operation === 'cancel') return answer(200, JSON.stringify({ id, status: 'CANCELLED' }), json)
  const status = jobs.get(id ?? '')
  if (operation === 'retry') jobs.set(id ?? '', 'IN_QUEUE')
  return status === undefined
    ? answer(404, '{"error":"no job"}', json)
    : answer(200, JSON.stringify({ id, status: operation === 'retry' ? 'IN_QUEUE' : status }), json)
}

/** An instance whose clock goes on while it waits. */
function clocked(deps: Deps = gateway.deps): Deps {
  return {
    ...deps,
    platform: {
      ...deps.platform,
      async wait(ms) {
        const from = gateway.clock.now
        gateway.clock.now += ms
        waited += ms
        const due = plans.filter(
          ({ atMs }) => atMs > from - start && atMs <= gateway.clock.now - start,
        )
        for (const { run } of due) await run()
      },
    },
  }
}
const start = Date.parse('2026-11-21T12:00:00Z')

const input = '{"input":{"file":"AAAAAAAAAAAAAAAA"}}'
const named = (session = 'run-42') => ({ 'bulkway-session': session })

async function submit(
  endpointId: string,
  headers: Record<string, string> = named(),
  more: Partial<Call> = {},
  operation: 'run' | 'runsync' = 'run',
) {
  const call = { ...callOf(endpointId, input, headers), ...more }
  const reply = await submitJob(clocked(), call, operation)
  return JSON.parse(await readReply(reply))
}

async function grantOf(endpointId: string, jobId: string): Promise<Grant> {
  const grant = await gateway.deps.grants.find(endpointId, jobId)
  const fresh = grant && (await gateway.deps.grants.read(grant.grantId, { fresh: true }))
  if (fresh === undefined) throw new Error('There is no grant')
  return fresh
}

const staged = () => [...gateway.store.objects.keys()].filter((key) => key.includes('/in/'))
const submissions = () => gateway.sent.filter(({ url }) => /\/run(sync)?$/.test(url)).length
const asks = () => gateway.sent.filter(({ url }) => url.includes('/status/')).length

async function told(endpointId: string, jobId: string, status: string): Promise<void> {
  jobs.set(jobId, status)
  const call = { ...callOf(endpointId), method: 'GET' }
  await readReply(await readJob(gateway.deps, call, 'status', jobId))
}

describe('an exclusive session', () => {
  test('is one job’s at a time: the next is refused when it has waited', async () => {
    await submit('train')
    const before = staged()
    await expect(submit('train')).rejects.toMatchObject({
      code: 'session_busy',
      detail: expect.stringContaining('session run-42'),
      facts: { retryAfterSeconds: 10 },
    })
    expect(waited).toBeGreaterThanOrEqual(60_000)
    expect(waited).toBeLessThan(61_000)
    expect(submissions()).toBe(1)
    expect(staged()).toEqual(before)
    expect([...gateway.store.objects.keys()].filter((key) => /^grants/.test(key))).toHaveLength(1)
  })

  test('is refused at once where nobody is to wait', async () => {
    await submit('hasty')
    await expect(submit('hasty')).rejects.toMatchObject({ code: 'session_busy' })
    expect(waited).toBe(0)
  })

  test('goes to the next job when the one that has it ends', async () => {
    await submit('train')
    plans.push({ atMs: 1000, run: () => told('train', 'job-1', 'COMPLETED') })
    expect(await submit('train')).toMatchObject({ id: 'job-2' })
    expect(waited).toBeGreaterThanOrEqual(1000)
    expect(waited).toBeLessThan(2000)
    expect(asks()).toBe(1)
  })

  test('is nobody else’s: other sessions and other callers do not wait', async () => {
    await submit('train')
    await submit('train', named('run-43'))
    await submit('train', { ...named(), authorization: 'Bearer another-key' })
    await submit('hasty')
    expect(waited).toBe(0)
  })

  test.each(['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'])(
    'is taken over from a job that is %s, though nobody has asked',
    async (status) => {
      await submit('train')
      jobs.set('job-1', status)
      expect(await submit('train')).toMatchObject({ id: 'job-2' })
      expect(asks()).toBe(1)
      expect(waited).toBeLessThan(4000)
      expect((await grantOf('train', 'job-1')).state).not.toBe('active')
    },
  )

  test('is taken over from a job that the platform has forgotten, which can write no more', async () => {
    await submit('train')
    jobs.delete('job-1')
    jobs.set('another', 'IN_QUEUE')
    expect(await submit('train')).toMatchObject({ id: 'job-2' })
    expect(asks()).toBe(2)
    expect((await grantOf('train', 'job-1')).state).toBe('ended')
  })

  test('is not asked about more often than every five seconds', async () => {
    await submit('train')
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
    expect(asks()).toBeGreaterThan(8)
    expect(asks()).toBeLessThanOrEqual(12)
  })

  test('stays where upstream is in trouble', async () => {
    await submit('train')
    gateway.upstream = (sent) => {
      if (sent.url.includes('/status/')) throw new Error('gone')
      return upstream(sent)
    }
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
    expect((await grantOf('train', 'job-1')).state).toBe('active')
  })

  test('goes on when no instance believes any more that the one before may write', async () => {
    await submit('train')
    const { grantId } = await grantOf('train', 'job-1')
    const other = gateway.another()
    jobs.delete('job-1')
    jobs.set('another', 'IN_QUEUE')
    const askedLast = () => gateway.sent.findLast(({ url }) => url.includes('/status/'))
    let readAt = 0
    let submittedAt = 0
    gateway.upstream = async (sent) => {
      if (sent === askedLast()) {
        await other.grants.read(grantId, { fresh: true })
        readAt = gateway.clock.now
      }
      if (sent.url.endsWith('/run')) submittedAt = gateway.clock.now
      return upstream(sent)
    }
    expect(await submit('train')).toMatchObject({ id: 'job-2' })
    expect(submittedAt - readAt).toBeGreaterThanOrEqual(10_000)
    expect((await other.grants.read(grantId))?.state).toBe('ended')
  })

  test('is not asked for too often where one may wait long', async () => {
    await submit('patient')
    let reads = 0
    gateway.store.before = (line) => {
      if (/^(get|put) /.test(line)) reads++
    }
    await expect(submit('patient')).rejects.toMatchObject({ code: 'session_busy' })
    expect(waited).toBeGreaterThan(500_000)
    // Beside them the platform is asked: Workers may make 1000 requests for one.
    expect(reads + asks()).toBeLessThan(800)
  })

  test('is given back where the store took it and its answer was lost', async () => {
    const { store } = gateway
    const put = store.put.bind(store)
    store.put = async (key, ...rest) => {
      const etag = await put(key, ...rest)
      if (key.startsWith('leases/')) throw new Error('lost')
      return etag
    }
    await expect(submit('train')).rejects.toThrow()
    store.put = put
    await submit('hasty', named('another'))
    await submit('train')
    expect(waited).toBe(0)
  })

  test('goes when the time of its job is over', async () => {
    await submit('train')
    gateway.clock.now += 25.1 * 3_600_000
    expect(await submit('train')).toMatchObject({ id: 'job-2' })
    expect(waited).toBe(0)
  })

  test('of two at once goes to one', async () => {
    const both = await Promise.allSettled([submit('hasty'), submit('hasty')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(submissions()).toBe(1)
  })

  test('of many at once is never two jobs’', async () => {
    const all = await Promise.allSettled(Array.from({ length: 12 }, () => submit('hasty')))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(submissions()).toBe(1)
  })
})

test.each(['DELETE', 'cancel'])(
  'a job that is gone by %s has its session no longer',
  async (how) => {
    await submit('train')
    const call = callOf('train')
    if (how === 'DELETE') await deleteJob(gateway.deps, call, 'job-1')
    else await readReply(await readJob(gateway.deps, call, 'cancel', 'job-1'))
    await submit('train')
    expect(waited).toBe(0)
  },
)

test('a job whose webhook has come has its session no longer', async () => {
  await submit('train')
  gateway.clock.now += 6000
  const sent = gateway.sent.findLast(({ url }) => url.endsWith('/run'))
  const { webhook } = JSON.parse(new TextDecoder().decode(sent?.body))
  const body = answer(200, JSON.stringify({ id: 'job-1', status: 'COMPLETED', output: 1 })).body
  await receiveWebhook(gateway.deps, webhook.split('/').at(-1), body)
  await submit('train')
  expect(waited).toBe(0)
})

describe('a request that is not submitted after all', () => {
  test.each([400, 401, 429])('gives its session back: upstream says %i', async (status) => {
    gateway.upstream = (sent) =>
      sent.url.endsWith('/run') ? answer(status, '{}', json) : upstream(sent)
    await readReply(await submitJob(clocked(), callOf('train', input, named()), 'run'))
    gateway.upstream = upstream
    await submit('train')
    expect(waited).toBe(0)
  })

  test('gives its session back though the store does not remove what was staged', async () => {
    gateway.upstream = (sent) => {
      if (!sent.url.endsWith('/run')) return upstream(sent)
      gateway.store.before = (line) => {
        if (line.startsWith('list ')) throw new Error('gone')
      }
      return answer(400, '{"error":"no"}', json)
    }
    await submit('hasty')
    gateway.store.before = () => {}
    gateway.upstream = upstream
    expect(await submit('hasty')).toMatchObject({ id: 'job-1' })
  })

  test('gives its session back where upstream cannot be reached', async () => {
    gateway.upstream = (sent) => {
      if (sent.url.endsWith('/run')) throw new NotSent('nobody there')
      return upstream(sent)
    }
    await expect(submit('train')).rejects.toMatchObject({ code: 'upstream_unreachable' })
    gateway.upstream = upstream
    await submit('train')
    expect(waited).toBe(0)
  })

  test('gives its session back where the grant cannot be written', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put grants/')) throw new Error('no')
    }
    await expect(submit('train')).rejects.toThrow()
    gateway.store.before = () => {}
    await submit('train')
    expect(waited).toBe(0)
    expect(staged()).toHaveLength(1)
  })

  test('leaves nothing behind where its client has left while it waited', async () => {
    await submit('train')
    const before = staged()
    let looks = 0
    const isGone = () => ++looks > 3
    await expect(submit('train', named(), { isGone })).rejects.toMatchObject({
      code: 'client_gone',
    })
    expect(staged()).toEqual(before)
    expect(submissions()).toBe(1)
    expect(waited).toBeLessThan(2000)
  })
})

describe('a job whose id nobody has heard', () => {
  /** As if the instance had died between two writes. */
  async function crash(operation: 'run' | 'runsync'): Promise<void> {
    gateway.store.before = (line) => {
      if (line.startsWith('put jobs/') || line.startsWith('put due/')) throw new Error('crash')
      if (line.startsWith('delete') || line.startsWith('put leases/')) throw new Error('crash')
    }
    let isTaken = false
    const before = gateway.store.before
    gateway.store.before = (line) => {
      if (line.startsWith('put leases/') && !isTaken) {
        isTaken = true
        return
      }
      return before(line)
    }
    await submit('train', named(), {}, operation).catch(() => {})
    gateway.store.before = () => {}
  }

  test('has its session for a minute after it could have waited, and loses its access then', async () => {
    await crash('run')
    const [key = ''] = [...gateway.store.objects.keys()].filter((one) => one.startsWith('grants/'))
    const grantId = key.split('/').at(-1) ?? ''
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
    gateway.clock.now += 61_000
    jobs.set('another', 'IN_QUEUE')
    expect(await submit('train')).toMatchObject({ status: 'IN_QUEUE' })
    expect((await gateway.deps.grants.read(grantId, { fresh: true }))?.state).toBe('ended')
  })

  test('has it for longer where its answer may take as long as the job', async () => {
    await crash('runsync')
    gateway.clock.now += 121_000
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
    gateway.clock.now += 330_000
    await submit('train')
  })

  test('keeps it as long as it may write where upstream’s answer was lost', async () => {
    gateway.upstream = (sent) => {
      if (sent.url.endsWith('/run')) throw new Error('reset')
      return upstream(sent)
    }
    await expect(submit('train')).rejects.toMatchObject({ code: 'upstream_unreachable' })
    gateway.upstream = upstream
    gateway.clock.now += 20 * 3_600_000
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
    gateway.clock.now += 6 * 3_600_000
    await submit('train')
  })

  test('is cancelled when its id comes after another has taken the session over', async () => {
    gateway.upstream = async (sent) => {
      if (!sent.url.endsWith('/run')) return upstream(sent)
      gateway.upstream = upstream
      gateway.clock.now += 121_000
      await submit('train')
      return upstream(sent)
    }
    await expect(submit('train')).rejects.toMatchObject({ code: 'job_not_bound' })
    expect(gateway.sent.filter(({ url }) => url.includes('/cancel/'))).toEqual([
      expect.objectContaining({ url: expect.stringContaining('/cancel/job-2') }),
    ])
    expect((await grantOf('train', 'job-1')).state).toBe('active')
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
  })
})

describe('a retry', () => {
  beforeEach(async () => {
    await submit('train')
    await told('train', 'job-1', 'FAILED')
  })
  const retry = async () =>
    JSON.parse(await readReply(await retryJob(clocked(), callOf('train'), 'job-1')))

  test('takes the session again', async () => {
    await retry()
    await expect(submit('train')).rejects.toMatchObject({ code: 'session_busy' })
  })

  test('has its session kept as long after it as any job', async () => {
    gateway.clock.now += 20 * 60_000
    await retry()
    const { writeExpiresAt, leases = [] } = await grantOf('train', 'job-1')
    const record = gateway.store.objects.get(leases[0] ?? '')
    const { expiresAt } = JSON.parse(new TextDecoder().decode(record?.bytes))
    expect(expiresAt).toBe(writeExpiresAt + 30 * 86_400_000)
  })

  test('waits for the job that has it now', async () => {
    await submit('train')
    await expect(retry()).rejects.toMatchObject({ code: 'session_busy' })
    expect((await grantOf('train', 'job-1')).state).toBe('suspended')
    await told('train', 'job-2', 'COMPLETED')
    await retry()
    expect((await grantOf('train', 'job-1')).state).toBe('active')
  })

  test('is refused at once where its job has ended for good', async () => {
    await submit('train')
    await told('train', 'job-2', 'COMPLETED')
    await submit('train')
    await expect(retryJob(clocked(), callOf('train'), 'job-2')).rejects.toMatchObject({
      code: 'retry_impossible',
    })
    expect(waited).toBe(0)
  })

  test('of a key that upstream does not know takes nothing', async () => {
    const health = gateway.upstream
    gateway.upstream = (sent) => (sent.url.endsWith('/health') ? answer(401, '{}') : health(sent))
    const call = callOf('train', undefined, { authorization: 'Bearer unknown' })
    await expect(retryJob(clocked(), call, 'job-1')).rejects.toMatchObject({ code: 'unauthorized' })
    gateway.upstream = health
    await submit('train')
    expect(waited).toBe(0)
  })

  test('that upstream refuses leaves it to others', async () => {
    gateway.upstream = (sent) =>
      sent.url.includes('/retry/') ? answer(400, '{}', json) : upstream(sent)
    await readReply(await retryJob(clocked(), callOf('train'), 'job-1'))
    gateway.upstream = upstream
    await submit('train')
    expect(waited).toBe(0)
  })

  test('is over for others as soon as its job is', async () => {
    await retry()
    await told('train', 'job-1', 'COMPLETED')
    await submit('train')
    expect(waited).toBe(0)
  })
})

describe('a session that is shared', () => {
  test('is had by many jobs at once', async () => {
    for (let n = 0; n < 40; n++) await submit('shared')
    expect(waited).toBe(0)
    expect(submissions()).toBe(40)
  })
})
