import { beforeEach, describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { storeKind } from './project.ts'

const stack = useStack({
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      demo: {
        ...document.endpoints['demo'],
        ...{ stage: 'always', stageMinBytes: 1000 },
        retention: { minSeconds: 60, maxSeconds: 3600, persistent: true },
      },
    },
  }),
})
beforeEach(() => stack.bucket.clear())

const image = Buffer.alloc(30_000, 7).toString('base64')

/** Has the sample worker write an output beside what was staged; the job's id. */
async function done(retention: string): Promise<string> {
  const input = { task: 'digest', image }
  const id = await stack.submitted(
    'demo',
    { input },
    { headers: { 'bulkway-retention': retention } },
  )
  const answer = await stack.settled('demo', id)
  expect(json(answer)['status'], answer.text).toBe('COMPLETED')
  return id
}

const sweepAt = (ms: number) =>
  stack.operate(['sweep'], { BULKWAY_SWEEP_NOW: new Date(ms).toISOString() })
const files = () => stack.bucket.fileKeys()
const yearsMs = 366 * 86_400_000

describe('what belongs to a job', () => {
  test('is kept for as long as its request says', async () => {
    await done('600')
    const kept = await files()
    expect(kept.length).toBeGreaterThan(0)
    await sweepAt(Date.now() + 590_000)
    expect(await files()).toEqual(kept)
    await sweepAt(Date.now() + 700_000)
    expect(await files()).toEqual([])
  })

  test('is kept until it is deleted, where its request says so', async () => {
    const id = await done('persistent')
    const kept = await files()
    await sweepAt(Date.now() + 20 * yearsMs)
    expect(await files()).toEqual(kept)
    const answer = await stack.call('DELETE', `/v2/demo/jobs/${id}`)
    expect(answer.status, answer.text).toBe(204)
    expect(await files()).toEqual([])
  })

  test('is not taken for longer than the endpoint keeps it', async () => {
    const headers = { 'bulkway-retention': '3601' }
    const answer = await stack.submit('demo', { input: { task: 'digest', image } }, { headers })
    expect(answer.status).toBe(400)
    expect(json(answer)).toMatchObject({
      code: 'retention_refused',
      limitName: 'retention.maxSeconds',
      limit: 3600,
      actual: 3601,
    })
    expect(await files()).toEqual([])
  })

  test('is counted by the endpoint and the key that it is of', async () => {
    await done('persistent')
    const { used, stores } = JSON.parse(await stack.operate(['usage', '--json']))
    const mine = used.filter(({ endpoint }: { endpoint: string }) => endpoint === 'demo')
    expect(mine).toHaveLength(1)
    expect(mine[0].principal).toMatch(/^[0-9a-f]{32}$/)
    expect(mine[0].objects).toBe((await files()).length)
    expect(Object.keys(mine[0].expires)).toEqual(['never'])
    expect(stores[0].objects).toBe((await stack.bucket.keys()).length)
  })

  test('goes by rules of the store, where that takes any', async () => {
    const init = async (...more: string[]) =>
      (await stack.operate(['init', '--json', ...more]))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).outcome)
    const rules =
      storeKind === 'rgw' ? ['planned', 'set', 'unchanged'] : Array(3).fill('impossible')
    expect(await init('--dry-run')).toEqual([rules[0], 'needless'])
    expect(await init()).toEqual([rules[1], 'needless'])
    expect(await init()).toEqual([rules[2], 'needless'])
  })

  test('of days that are over goes by command, and by the trigger of a Worker, and no other', async () => {
    const id = 'aeaqaaaaaaaaaaaaaaaaaaaaaa'
    await stack.bucket.put(`2020-01-01/${id}/out/a`, Buffer.from('a'))
    await stack.bucket.put('2020-01-01/of-others.txt', Buffer.from('b'))
    if (stack.runtime === 'workers') {
      const scheduled = `${stack.url}/cdn-cgi/handler/scheduled`
      await fetch(scheduled)
      expect(await files()).toHaveLength(2)
      await fetch(`${scheduled}?cron=${encodeURIComponent('13 * * * *')}`)
    } else await stack.operate(['sweep', '--rate', '500'])
    await expect.poll(files, { timeout: 20_000 }).toEqual(['2020-01-01/of-others.txt'])
  })
})
