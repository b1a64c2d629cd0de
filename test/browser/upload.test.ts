import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workerClient } from '../e2e/bucket.ts'
import { useStack } from '../e2e/harness.ts'
import type { S3Config } from '../e2e/platform-view.ts'
import { hasChromium, useChromium, writeFileOf } from './browser.ts'

const bytes = 300_000_000
const partBytes = 18_750_000
/** Parts that the store takes before everything stands still: half of them. */
const landedParts = 8

/** As issue reports have it: a tunnel, a router that starts again. */
const outageMs = 30_000

const stack = useStack({
  worker: 'none',
  // So many bytes make a store slow that shares its machine with a browser.
  config: (document) => ({
    ...document,
    uploads: { partBytes },
    limits: { idleTimeoutMs: 60_000 },
  }),
})
const chromium = useChromium()
let folder = ''
let sha256 = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkway-browser-'))
  sha256 = await writeFileOf(join(folder, 'big.bin'), bytes)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Sizes of the parts that the store has taken since `from`. */
function partsSince(from: number): number[] {
  return stack.store.log
    .slice(from)
    .filter(({ method, query }) => method === 'PUT' && query.includes('partNumber'))
    .filter(({ status }) => status === 200)
    .map(({ requestBytes }) => requestBytes)
}

/** What a worker finds at a path of its input. */
async function readAsWorker(s3Config: S3Config | undefined, Key: string) {
  if (s3Config === undefined) throw new TypeError('The job has no s3Config')
  const command = new GetObjectCommand({ Bucket: s3Config.bucketName, Key })
  const { Body } = await workerClient(s3Config).send(command)
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of Body as AsyncIterable<Uint8Array>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

describe.skipIf(!hasChromium)('A file of 300 MB', () => {
  test('is uploaded half, goes on after a reload, is run, and its result seen', async () => {
    const page = await chromium.open()
    await page.goto(`${stack.url}/`)
    await page.fill('#endpoint', 'hand')
    await page.fill('#key', 'rpa_test')
    await page.fill('#request', '{"input": {"prompt": "digest"}}')
    const stalled = stack.store.fault({
      method: 'PUT',
      query: /partNumber=/,
      nth: landedParts + 1,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'stall' },
    })
    await page.drop('#drop', [join(folder, 'big.bin')])
    await stalled.struck
    await expect.poll(() => partsSince(0).length).toBe(landedParts)
    await page.expectText('.row .state', /^\d\d % · \d{3} MB of 300 MB/)
    expect(sum(partsSince(0))).toBe(bytes / 2)
    // A store that lists no parts, as this one, is known by what the page has reported.
    const uploadId = await page.evaluate<string>(`
      JSON.parse(Object.entries(localStorage).find(([key]) => key.startsWith('bulkway-upload:'))[1])
        .about.uploadId`)
    const reported = async () => {
      const path = `/v2/hand/uploads/${uploadId}`
      return JSON.parse((await stack.call('GET', path, { key: 'rpa_test' })).text).landed.length
    }
    await expect.poll(reported).toBe(landedParts)

    await page.reload()
    stack.store.clear()
    await page.expectText('.row .state', /^150 MB of 300 MB are there\. Drop the same file/)
    expect(await page.evaluate('document.querySelector("#key").value')).toBe('rpa_test')
    expect(await page.evaluate('document.querySelector("#request").value')).toContain('digest')

    await page.click('#run')
    await page.expectText('#problem', /big\.bin is not at hand: drop it again, or remove it/)
    await page.drop('#drop', [join(folder, 'big.bin')])
    await page.expectText('.row .state', /^Uploaded/, 120_000)
    // Every part that had landed stayed where it was.
    expect(sum(partsSince(0))).toBe(bytes / 2)
    expect(await page.evaluate('document.querySelectorAll(".row").length')).toBe(1)

    await page.click('#run')
    await page.expectText('#timeline', /IN_QUEUE/)
    const { id, input, s3Config } = await stack.platform.take('hand')
    await page.expectText('#timeline', /IN_PROGRESS/)
    expect(input).toEqual({ prompt: 'digest', file: 'in/0-big.bin' })
    const file = await readAsWorker(s3Config, 'in/0-big.bin')
    await stack.platform.finish('hand', id, { output: file })
    await page.expectText('#timeline', /COMPLETED/)
    await page.expectText('#json', new RegExp(`"bytes": ${bytes}`))
    await page.expectText('#json', new RegExp(sha256))
    expect(await page.evaluate('document.querySelector("#problem").hidden')).toBe(true)

    // What has landed and what was run outlive one more reload.
    await page.reload()
    await page.expectText('.row .state', /^Uploaded/)
    await page.expectText('#timeline', /COMPLETED/)
    await page.expectText('#json', new RegExp(sha256))
    expect(page.complaints).toEqual([])
    await page.close()
  })

  test('outlives 30 seconds without a network in the middle', async () => {
    const page = await chromium.open()
    await page.goto(`${stack.url}/`)
    await page.fill('#endpoint', 'hand')
    await page.fill('#key', 'rpa_test')
    const before = stack.store.log.length
    // Parts that are on their way when the network goes.
    const stalled = stack.store.fault({
      method: 'PUT',
      query: /partNumber=/,
      nth: 3,
      times: 2,
      fault: { kind: 'stall' },
    })
    await page.drop('#drop', [join(folder, 'big.bin')])
    await stalled.struck
    await page.offline(true)
    await page.expectText('.row .state', /No answer/)
    const landed = partsSince(before).length
    expect(landed).toBeLessThan(bytes / partBytes)
    await new Promise((resolve) => setTimeout(resolve, outageMs))
    // What had left may have been counted a little later.
    expect(partsSince(before).length).toBeLessThanOrEqual(landed + 2)

    const sent = sum(partsSince(before))
    stack.store.clear()
    await page.offline(false)
    await page.expectText('.row .state', /^Uploaded/, 120_000)
    // Nothing was sent once more but what was on its way.
    expect(sent + sum(partsSince(0))).toBeGreaterThanOrEqual(bytes)
    expect(sent + sum(partsSince(0))).toBeLessThanOrEqual(bytes + 4 * partBytes)
    const [key = ''] = (await stack.bucket.fileKeys()).slice(-1)
    expect(key).toMatch(/big\.bin$/)
    await page.evaluate('localStorage.clear()')
    await page.close()
  })
})
