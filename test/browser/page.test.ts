import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useStack } from '../e2e/harness.ts'
import { hasChromium, useChromium, writeFileOf } from './browser.ts'
import type { Page } from './page.ts'

const run = promisify(execFile)
// A store is slow that shares its machine with a browser.
const stack = useStack({
  config: (document) => ({ ...document, limits: { idleTimeoutMs: 60_000 } }),
})
const chromium = useChromium()
const python = resolve('.bulkway/venv/bin/python')
let folder = ''
let sha256 = ''
let page: Page

/** One pixel, as a worker would answer it. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A hundredth of a second of silence. */
const tone = `data:audio/wav;base64,${wavOf(80).toString('base64')}`
function wavOf(samples: number): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + samples, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ] as const)
    head.writeUInt16LE(value, at)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(8_000, 28)
  head.write('data', 36)
  head.writeUInt32LE(samples, 40)
  return Buffer.concat([head, Buffer.alloc(samples, 0x80)])
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkway-browser-'))
  sha256 = await writeFileOf(join(folder, "it's a file.bin"), 3_000_000)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function enter(request: object): Promise<void> {
  await page.fill('#endpoint', 'demo')
  await page.fill('#key', 'rpa_test')
  await page.fill('#request', JSON.stringify(request))
}
const copied = async (language: string) => {
  await page.click(`[data-copy=${language}]`)
  await expect.poll(() => page.text('#snippet-note')).toMatch(/BULKWAY_KEY/)
  return await page.evaluate<string>('document.querySelector("#snippet-text").textContent')
}

describe.skipIf(!hasChromium)('The page', () => {
  beforeEach(async () => {
    page = await chromium.open()
    await page.goto(`${stack.url}/`)
  })
  afterEach(async () => {
    // No script, style, image or request that its own policy forbids, and no error.
    expect(page.complaints).toEqual([])
    await page.evaluate('localStorage.clear()')
    await page.close()
  })

  test('is used from the keyboard alone, the way out of the editor included', async () => {
    const focused = () =>
      page.evaluate<string>('document.activeElement.id || document.activeElement.textContent')
    async function tabTo(id: string): Promise<void> {
      for (let count = 0; (await focused()) !== id; count++) {
        if (count > 30) throw new Error(`Tab does not reach ${id}`)
        await page.press('Tab')
      }
    }
    await tabTo('endpoint')
    await page.type('demo')
    await page.press('Tab')
    await page.type('rpa_test')
    await tabTo('choose')
    await tabTo('request')
    await page.evaluate('document.activeElement.select()')
    await page.type('{"input":')
    await page.press('Tab')
    await page.type('{"task": "sleep", "ms": 300}}')
    expect(await page.evaluate('document.querySelector("#request").value')).toContain(':  {')
    await page.press('Escape')
    await page.press('Tab')
    expect(await focused()).toBe('run')
    const outline = 'getComputedStyle(document.activeElement).outlineStyle'
    expect(await page.evaluate(outline)).toBe('solid')
    await page.press('Enter')
    await page.expectText('#timeline', /Sent[\s\S]*COMPLETED[\s\S]*of work/)
    await page.expectText('#json', /"slept": 300/)
    await page.expectText('#live', /Job completed/)
    await page.press('Shift+Tab')
    expect(await focused()).toBe('request')
  })

  test('shows images, and every number as it was', async () => {
    await enter({ input: {} })
    const text = `{"input": {"task": "echo", "seed": 12345678901234567890, "image": "${pixel}"}}`
    await page.fill('#request', text)
    await page.click('#run-wait')
    await page.expectText('#json', /12345678901234567890|1234567890123456\d{4}/)
    await expect
      .poll(() => page.evaluate('document.querySelector("#media img")?.naturalWidth'))
      .toBe(1)
    const { input } = await stack.platform.job(await page.text('#job-id'))
    expect(input['task']).toBe('echo')
    const sent = stack.upstream.log.findLast(({ path }) => path.endsWith('/runsync'))
    expect(sent?.kept?.body.toString()).toContain('12345678901234567890')
  })

  test('plays sound and film, and says so where it cannot', async () => {
    await enter({ input: { task: 'echo', audio: tone, video: 'data:video/mp4;base64,AAAA' } })
    await page.click('#run-wait')
    await page.expectText('#media', /cannot be shown here/)
    await expect
      .poll(() => page.evaluate('document.querySelector("#media audio")?.duration'))
      .toBeCloseTo(0.01, 2)
    expect(await page.evaluate('document.querySelector("#media audio").controls')).toBe(true)
  })

  test('links to what a worker has written', async () => {
    await enter({ input: { task: 'write', bytes: 2_000, key: 'out/picture one.bin' } })
    await page.click('#run')
    await page.expectText('#links', /picture one\.bin/)
    const href = await page.evaluate<string>('document.querySelector("#links a").href')
    expect((await fetch(href).then((answer) => answer.arrayBuffer())).byteLength).toBe(2_000)
  })

  test('says what is wrong with the text, and where', async () => {
    await enter({ input: {} })
    await page.fill('#request', '{"input": {\n  "a": 1,\n}}')
    await page.click('#run')
    await page.expectText('#request-fault', /^Line 3, column 1: A name in double quotes/)
    expect(await page.evaluate('document.activeElement.id')).toBe('request')
    expect(await page.evaluate('document.activeElement.selectionStart')).toBe(22)
    await page.fill('#request', '[]')
    await page.expectText('#request-fault', /an object with a member "input"/)
  })

  test('says what went wrong, and what to do', async () => {
    await enter({ input: { task: 'none such' } })
    await page.click('#run')
    await page.expectText('#problem', /The job failed\s+.*TypeError.*input\.task must be one of/)
    await page.fill('#key', 'bad')
    await page.click('#run')
    await page.expectText('#problem', /The key is not accepted[\s\S]*Check the key/)
    await page.fill('#endpoint', '')
    await page.click('#run')
    expect(await page.evaluate('document.activeElement.id')).toBe('endpoint')
  })

  test('cancels a job', async () => {
    await enter({ input: { task: 'sleep', ms: 60_000 } })
    await page.click('#run')
    await page.expectText('#timeline', /IN_PROGRESS/)
    await page.click('#cancel')
    await page.expectText('#timeline', /CANCELLED/)
    await page.expectText('#problem', /The job was cancelled/)
  })

  test('pauses an upload, resumes it, and removes it', async () => {
    await enter({ input: {} })
    const stalled = stack.store.fault({
      method: 'PUT',
      query: /partNumber=/,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'stall' },
    })
    await page.choose('#picker', [join(folder, "it's a file.bin")])
    await stalled.struck
    await page.click('.row .buttons button')
    await page.expectText('.row .state', /^Paused/)
    stack.store.clear()
    await page.click('.row .buttons button')
    await page.expectText('.row .state', /^Uploaded/)
    // A job that is queued may need what has landed.
    const before = await stack.bucket.fileKeys()
    await page.click('.row .buttons button:last-child')
    expect(await page.evaluate('document.querySelectorAll(".row").length')).toBe(0)
    expect(await stack.bucket.fileKeys()).toEqual(before)
  })

  test('drops what has landed of an upload that is removed before its end', async () => {
    await enter({ input: {} })
    const stalled = stack.store.fault({
      method: 'PUT',
      query: /partNumber=/,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'stall' },
    })
    await page.choose('#picker', [join(folder, "it's a file.bin")])
    await stalled.struck
    expect(stack.store.openUploads()).toHaveLength(1)
    await page.click('.row .buttons button:last-child')
    expect(await page.evaluate('document.querySelectorAll(".row").length')).toBe(0)
    await expect.poll(() => stack.store.openUploads()).toEqual([])
    stack.store.clear()
  })

  test('copies programs that do the same', async () => {
    await enter({ input: { task: 'digest', note: 'it\'s "quoted" \\ $HOME `x`' } })
    await page.choose('#picker', [join(folder, "it's a file.bin")])
    await page.expectText('.row .state', /^Uploaded/)
    const env = { ...process.env, BULKWAY_KEY: 'rpa_test' }

    const curl = await copied('curl')
    expect(curl).not.toContain('rpa_test')
    const shell = await run('sh', ['-c', curl], { cwd: folder, env })
    expect(shell.stdout).toContain(sha256)

    // As in a project that has the package.
    const typescript = await copied('typescript')
    const modules = join(folder, 'node_modules', 'bulkway')
    await mkdir(modules, { recursive: true })
    const client = resolve('src/client-node/client.ts')
    await writeFile(
      join(modules, 'package.json'),
      JSON.stringify({ type: 'module', exports: { './client/node': './client.js' } }),
    )
    await writeFile(join(modules, 'client.js'), `export * from ${JSON.stringify(client)}\n`)
    await writeFile(join(folder, 'copied.mts'), typescript)
    const node = await run(process.execPath, ['copied.mts'], { cwd: folder, env })
    expect(node.stdout).toContain(sha256)

    if (existsSync(python)) {
      await writeFile(join(folder, 'copied.py'), await copied('python'))
      const form = await run(python, ['copied.py'], { cwd: folder, env })
      expect(form.stdout).toContain(sha256)
      await page.click('.row .buttons button:last-child')
      await page.fill('#request', '{"input": {"task": "sleep", "ms": 5, "a": [true, null, "é😀"]}}')
      await writeFile(join(folder, 'copied.py'), await copied('python'))
      const sdk = await run(python, ['copied.py'], { cwd: folder, env })
      expect(sdk.stdout).toContain("{'slept': 5}")
    }
  })

  test('forgets everything when told to', async () => {
    await enter({ input: { secret: 1 } })
    const kept = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }])'
    expect(await page.evaluate(kept)).toMatch(/rpa_test/)
    expect(await page.evaluate('JSON.stringify({ ...localStorage })')).not.toMatch(/rpa_test/)
    await page.click('#forget')
    await expect.poll(() => page.evaluate(kept)).toBe('[{},{}]')
    await expect.poll(() => page.evaluate('document.querySelector("#key").value')).toBe('')
  })

  test('is legible in light and dark, and nothing is cut off at 360 pixels', async () => {
    const target = process.env['BULKWAY_SCREENSHOTS']
    if (target !== undefined) await mkdir(target, { recursive: true })
    await enter({ input: { task: 'scene', bytes: 250_000, image: pixel } })
    await page.choose('#picker', [join(folder, "it's a file.bin")])
    await page.expectText('.row .state', /^Uploaded/)
    await page.click('#run')
    await page.expectText('#timeline', /COMPLETED/)
    for (const scheme of ['light', 'dark'] as const) {
      for (const width of [1280, 360]) {
        await page.look({ scheme, width, height: 900, reducedMotion: true })
        const wide = 'document.documentElement.scrollWidth'
        expect(await page.evaluate(wide)).toBeLessThanOrEqual(width)
        expect(await page.evaluate<string[]>(lowContrasts)).toEqual([])
        if (target !== undefined) {
          await page.evaluate('scrollTo(0, 0)')
          await writeFile(join(target, `${scheme}-${width}.png`), await page.screenshot())
        }
      }
    }
  })
})

/** Texts whose contrast with what is behind them is under 4.5 to 1 (WCAG 2.2, 1.4.3). */
const lowContrasts = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => [r, g, b]
    .map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0)
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const [r, g, b, alpha = 1] = parse(getComputedStyle(one).backgroundColor)
      if (alpha > 0.5) return [r, g, b]
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll('body *')]
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 1)
    .flatMap((one) => {
      const [a, b] = [luminance(parse(getComputedStyle(one).color)), luminance(behind(one))]
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      return ratio < 4.5 ? [one.tagName + ' ' + one.textContent.slice(0, 30) + ' ' + ratio.toFixed(2)] : []
    })
})()`
