import { beforeEach, describe, expect, test } from 'vitest'
import type { Deps } from '../../../src/flows/deps.ts'
import { sendDueWebhooks } from '../../../src/flows/webhooks/send-due.ts'
import { sweepDue } from '../../../src/grants/sweep.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { completed, type WebhookBed, webhookBed } from './webhook-bed.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const redeliverPath = '/v2/demo/jobs/job-1/webhook/redeliver'

let bed: WebhookBed

beforeEach(() => {
  bed = webhookBed({ webhooks: { durable: true } })
})

const look = (deps: Deps = bed.gateway.deps) => sendDueWebhooks(deps, { width: 4, forMs: minute })

/** The platform's webhook comes in and is tried once. */
async function begin(body: unknown = completed): Promise<string> {
  const path = await bed.submit()
  expect((await bed.post(path, body)).status).toBe(200)
  await bed.gateway.idle()
  return path
}

/** Looks every second of the gateway's clock, as far as `ms`; the times of the attempts, in ms. */
async function attemptsWithin(ms: number): Promise<number[]> {
  const { clock } = bed.gateway
  const times: number[] = []
  const end = clock.now + ms
  while (clock.now < end) {
    // Nothing is due before the first note: the clock may jump there.
    const [next] = dueKeys()
    const at = Date.parse(next?.split('/')[2] ?? '')
    clock.now = Math.min(end, Math.max(clock.now + second, Number.isNaN(at) ? end : at))
    for (let tried = await look(); tried > 0; tried--) times.push(clock.now)
  }
  return times
}

const dueKeys = () => keys().filter((key) => key.startsWith('webhooks/due/'))
const keys = () => [...bed.gateway.store.objects.keys()].sort()
const bodies = () => keys().filter((key) => key.includes('/webhook/'))
const logged = (event: string) => bed.gateway.logged.filter((line) => line.event === event)
const idsOf = () => new Set(bed.received.map(({ headers }) => headers.get('webhook-id')))

describe('a webhook that is kept', () => {
  test('is sent at once, once, and the platform is answered whatever the receiver says', async () => {
    bed.receiver = () => answer(201)
    await begin()
    expect(bed.received).toHaveLength(1)
    expect(JSON.parse(bed.received[0]?.text ?? '')).toMatchObject(completed)
    expect(dueKeys()).toEqual([])
    expect(await attemptsWithin(80 * hour)).toEqual([])
  })

  test('is sent again on the schedule, for three days, then left as dead', async () => {
    bed.receiver = () => answer(500)
    await begin()
    const startedAt = bed.gateway.clock.now
    const times = await attemptsWithin(200 * hour)
    const pauses = times.map((time, index) => time - (times[index - 1] ?? startedAt))
    const schedule = [5 * second, 5 * minute, 30 * minute]
    schedule.push(...[2, 5, 10, 14, 20].map((hours) => hours * hour))
    expect(pauses).toHaveLength(9)
    for (const [index, pause] of schedule.entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(pause * 0.9 - second)
      expect(pauses[index]).toBeLessThanOrEqual(pause * 1.1 + 2 * second)
    }
    expect(times.at(-1)).toBeLessThanOrEqual(startedAt + 72 * hour + second)
    expect(idsOf().size).toBe(1)
    const stamps = bed.received.map(({ headers }) => Number(headers.get('webhook-timestamp')))
    expect(stamps).toEqual([startedAt, ...times].map((time) => Math.floor(time / 1000)))
    expect(logged('webhook_dead')).toMatchObject([{ state: 'exhausted', attempts: 10 }])
    expect(dueKeys()).toEqual([])
    expect(bodies()).toHaveLength(1)
  })

  test('is not sent again once the receiver takes it', async () => {
    let calls = 0
    bed.receiver = () => answer(++calls < 3 ? 503 : 204)
    await begin()
    expect(await attemptsWithin(80 * hour)).toHaveLength(2)
    expect(logged('webhook_dead')).toEqual([])
  })

  test('is not sent again when the receiver says 410', async () => {
    bed.receiver = () => answer(410)
    await begin()
    expect(await attemptsWithin(80 * hour)).toEqual([])
    expect(logged('webhook_dead')).toMatchObject([{ state: 'gone', status: 410 }])
  })

  test('waits as long as the receiver asks it to, never less than the schedule', async () => {
    const { clock } = bed.gateway
    const asked = ['3600', '1']
    bed.receiver = () => answer(429, '', { 'retry-after': asked.shift() ?? '0' })
    await begin()
    const startedAt = clock.now
    const [first = 0, next = 0] = await attemptsWithin(2 * hour)
    expect(first - startedAt).toBeGreaterThanOrEqual(hour)
    expect(first - startedAt).toBeLessThanOrEqual(hour + 2 * second)
    expect(next - first).toBeGreaterThanOrEqual(4.5 * minute)
  })

  test('is sent no later than after three days, whatever the receiver asks for', async () => {
    bed.receiver = () => answer(503, '', { 'retry-after': '999999999' })
    await begin()
    const startedAt = bed.gateway.clock.now
    expect(await attemptsWithin(200 * hour)).toEqual([startedAt + 72 * hour])
  })

  test.each([
    ['cannot be reached', () => Promise.reject(new Error('reset'))],
    ['redirects', () => answer(302, '', { location: 'https://elsewhere.example/' })],
  ])('is sent again to a receiver that %s', async (_name, receiver) => {
    bed.receiver = receiver
    await begin()
    bed.receiver = () => answer(200)
    expect(await attemptsWithin(minute)).toHaveLength(1)
    expect(dueKeys()).toEqual([])
  })

  test('is checked anew each time, and tried again when its name is back', async () => {
    const path = await bed.submit()
    bed.names.set('client.example', ['169.254.169.254'])
    expect((await bed.post(path)).status).toBe(200)
    await bed.gateway.idle()
    expect(bed.received).toEqual([])
    bed.names.delete('client.example')
    expect(await attemptsWithin(minute)).toHaveLength(1)
    expect(bed.received).toHaveLength(1)
  })

  test('is kept once, however often the platform tells it', async () => {
    bed.receiver = () => answer(500)
    const path = await begin()
    expect((await bed.post(path)).status).toBe(200)
    await bed.gateway.idle()
    expect(bed.received).toHaveLength(1)
    expect(bodies()).toHaveLength(1)
    expect(dueKeys()).toHaveLength(1)
  })

  test('is not kept when the store fails, and the platform comes again', async () => {
    const path = await bed.submit()
    const { store } = bed.gateway
    store.before = (line) => {
      if (line.startsWith('put webhooks/2')) throw unavailable()
    }
    expect((await bed.post(path)).status).toBe(503)
    expect(bed.received).toEqual([])
    store.before = () => {}
    expect((await bed.post(path)).status).toBe(200)
    await bed.gateway.idle()
    expect(bed.received).toHaveLength(1)
  })
})

describe('several instances', () => {
  test('send a webhook that is due once', async () => {
    bed.receiver = () => answer(500)
    await begin()
    bed.gateway.clock.now += 6 * second
    const tried = await Promise.all(Array.from({ length: 5 }, () => look(bed.instance())))
    expect(tried.reduce((sum, one) => sum + one)).toBe(1)
    expect(bed.received).toHaveLength(2)
  })

  test('take over from one that died in its attempt, when its time is over', async () => {
    const path = await bed.submit()
    bed.receiver = () => new Promise(() => {})
    await bed.post(path)
    // Nobody hears of that attempt any more.
    await expect.poll(() => bed.received.length).toBe(1)
    const { clock } = bed.gateway
    bed.receiver = () => answer(200)
    clock.now += 2 * minute
    expect(await look(bed.instance())).toBe(0)
    clock.now += 5 * minute
    expect(await look(bed.instance())).toBe(1)
    expect(bed.received).toHaveLength(2)
    expect(idsOf().size).toBe(1)
    expect(dueKeys()).toEqual([])
  })

  test.each(['put webhooks/due/', 'put webhooks/2', 'delete webhooks/due/'])(
    'lose nothing when one dies before it can %s',
    async (line) => {
      bed.receiver = () => answer(500)
      await begin()
      const { store, clock } = bed.gateway
      clock.now += 6 * second
      let claimed = false
      store.before = (operation) => {
        // The claim is the first write of a delivery: what dies is after it.
        if (operation.startsWith('put webhooks/2') && !claimed) claimed = true
        else if (operation.startsWith(line)) throw unavailable()
      }
      await look()
      store.before = () => {}
      bed.receiver = () => answer(200)
      await attemptsWithin(hour)
      expect(bed.received.length).toBeGreaterThanOrEqual(3)
      expect(idsOf().size).toBe(1)
      expect(dueKeys()).toEqual([])
    },
  )
})

describe('a redelivery', () => {
  const redeliver = async (key?: string) => {
    const response = await bed.ask('POST', redeliverPath, { body: '', ...(key && { key }) })
    return { status: response.status, content: JSON.parse(await response.text()) }
  }

  test('sends what is kept, the same bytes under the same id, and ends the tries', async () => {
    bed.receiver = () => answer(500)
    await begin()
    bed.receiver = () => answer(202)
    const [id] = idsOf()
    const { status, content } = await redeliver()
    expect([status, content]).toEqual([200, { id, delivered: true, status: 202 }])
    expect(bed.received.map(({ text }) => text)).toEqual(Array(2).fill(bed.received[0]?.text))
    expect(await attemptsWithin(80 * hour)).toEqual([])
  })

  test('revives nothing when it fails, and is possible after a dead letter or a success', async () => {
    bed.receiver = () => answer(410)
    await begin()
    expect((await redeliver()).content).toMatchObject({ delivered: false, status: 410 })
    expect(dueKeys()).toEqual([])
    bed.receiver = () => answer(200)
    expect((await redeliver()).content).toMatchObject({ delivered: true })
    expect((await redeliver()).content).toMatchObject({ delivered: true })
    expect(idsOf().size).toBe(1)
  })

  test('leaves the tries of a webhook as they are when it fails', async () => {
    bed.receiver = () => answer(500)
    await begin()
    expect((await redeliver()).content).toMatchObject({ delivered: false, status: 500 })
    expect(dueKeys()).toHaveLength(1)
  })

  test("is the owner's alone", async () => {
    await begin()
    expect((await redeliver('another-key')).status).toBe(404)
    expect((await bed.ask('POST', redeliverPath, { body: '', key: '' })).status).toBe(401)
    expect(bed.received).toHaveLength(1)
  })

  test('is guarded as any webhook', async () => {
    await begin()
    bed.names.set('client.example', ['10.0.0.1'])
    expect(await redeliver()).toMatchObject({ status: 400, content: { code: 'webhook_refused' } })
    expect(bed.received).toHaveLength(1)
  })

  test('is a 404 before the job has ended, and without a webhook', async () => {
    await bed.submit()
    expect(await redeliver()).toMatchObject({ status: 404, content: { code: 'not_found' } })
    bed = webhookBed({ webhooks: { durable: true } })
    const body = JSON.stringify({ input: {} })
    await (await bed.ask('POST', '/v2/demo/run', { body })).text()
    expect(await redeliver()).toMatchObject({ status: 404 })
  })

  test('sends the kept result where webhooks are not durable', async () => {
    bed = webhookBed()
    bed.receiver = () => answer(500)
    const path = await bed.submit()
    await bed.post(path, { ...completed, input: { a: 1 } })
    bed.receiver = () => answer(204)
    const [id] = idsOf()
    expect((await redeliver()).content).toEqual({ id, delivered: true, status: 204 })
    const [first, again] = bed.received.map(({ text }) => JSON.parse(text))
    expect(first).toMatchObject({ input: { a: 1 } })
    expect(again).toEqual(completed)
  })
})

describe('what is kept', () => {
  test('goes with its job', async () => {
    bed.receiver = () => answer(500)
    await begin()
    expect((await bed.ask('DELETE', '/v2/demo/jobs/job-1')).status).toBe(204)
    expect(bodies()).toEqual([])
    expect(keys().filter((key) => key.startsWith('webhooks/'))).toEqual([])
    expect(await attemptsWithin(80 * hour)).toEqual([])
  })

  test('is nothing of a job that was deleted: what still comes is sent once', async () => {
    const path = await bed.submit()
    expect((await bed.ask('DELETE', '/v2/demo/jobs/job-1')).status).toBe(204)
    bed.receiver = () => answer(500)
    expect((await bed.post(path)).status).toBe(500)
    await bed.gateway.idle()
    expect(bodies()).toEqual([])
    expect(keys().filter((key) => key.startsWith('webhooks/'))).toEqual([])
    expect(await attemptsWithin(80 * hour)).toEqual([])
    expect((await bed.ask('POST', redeliverPath, { body: '' })).status).toBe(404)
  })

  test('is nothing of a job that another instance deletes while the webhook comes', async () => {
    const path = await bed.submit()
    const { store } = bed.gateway
    store.before = async (line) => {
      if (!line.startsWith('put due/')) return
      store.before = () => {}
      await bed.ask('DELETE', '/v2/demo/jobs/job-1', { deps: bed.instance() })
    }
    bed.receiver = () => answer(500)
    expect((await bed.post(path)).status).toBe(500)
    await bed.gateway.idle()
    expect(bodies()).toEqual([])
    expect(keys().filter((key) => key.startsWith('webhooks/'))).toEqual([])
  })

  test('is not sent again at the wish of one who has deleted the job', async () => {
    await begin()
    const { grants } = bed.gateway.deps
    const found = await grants.find('demo', 'job-1')
    // A deletion that was stopped halfway.
    await grants.update(found?.grantId ?? '', (grant) => ({ ...grant, deleted: true }))
    expect((await bed.ask('POST', redeliverPath, { body: '' })).status).toBe(404)
    expect(bed.received).toHaveLength(1)
  })

  test('goes when its day is over, though nobody sends any more', async () => {
    bed.receiver = () => answer(500)
    await begin()
    const { deps, store, clock } = bed.gateway
    const stores = new Map([['main', store]])
    const { grants, log } = deps
    const sweep = () => sweepDue({ stores, state: store, grants, log, now: clock.now, limit: 1000 })
    clock.now += 72 * hour
    await sweep()
    expect(bodies()).toHaveLength(1)
    expect(keys().filter((key) => key.startsWith('webhooks/'))).toHaveLength(2)
    clock.now += 96 * hour
    await sweep()
    expect(keys()).toEqual([])
  })

  test('is sealed: nobody reads where a webhook goes', async () => {
    bed.receiver = () => answer(500)
    await begin()
    for (const [key, { bytes }] of bed.gateway.store.objects) {
      if (!key.startsWith('webhooks/')) continue
      expect(`${key}${Buffer.from(bytes)}`).not.toContain('client.example')
    }
  })
})
