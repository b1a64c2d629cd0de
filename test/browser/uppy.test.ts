import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPackages } from '../../tools/install-tools.ts'
import { useStack } from '../e2e/harness.ts'
import { sha256 } from '../e2e/payload.ts'
import { hasChromium, useChromium, writeFileOf } from './browser.ts'
import type { Page } from './page.ts'

/** Three parts of the gateway's usual size, the last one short. */
const bytes = 40_000_000
const folder = 'test/browser/uppy'

let script = ''
// A page of somebody else's, at an origin of its own.
const site = createServer(({ url }, response) => {
  const isScript = url === '/uppy.js'
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
  response.end(
    isScript ? script : '<!doctype html><input type="file"><script src="/uppy.js"></script>',
  )
})
await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`

const stack = useStack({
  worker: 'none',
  config: (document) => ({
    ...document,
    cors: { origins: [origin] },
    limits: { idleTimeoutMs: 60_000 },
  }),
})
const chromium = useChromium()
let directory = ''
let path = ''
let hash = ''
let page: Page

beforeAll(async () => {
  if (!hasChromium) return
  await installPackages(process.cwd(), folder)
  script = await bundle()
  directory = await mkdtemp(join(tmpdir(), 'bulkway-uppy-'))
  path = join(directory, 'film.mp4')
  hash = await writeFileOf(path, bytes)
  page = await chromium.open()
})
afterAll(async () => {
  await page?.close()
  site.closeAllConnections()
  site.close()
  await rm(directory, { recursive: true, force: true })
})

async function bundle(): Promise<string> {
  const packages = resolve(folder, 'node_modules')
  const { build } = await import(join(packages, 'esbuild/lib/main.js'))
  const contents = `import Uppy from '@uppy/core'
    import Tus from '@uppy/tus'
    import AwsS3 from '@uppy/aws-s3'
    Object.assign(globalThis, { Uppy, Tus, AwsS3 })`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: packages },
    ...{ bundle: true, write: false, format: 'iife', logLevel: 'error' },
  })
  return outputFiles[0].text
}

/** What a guide gives for the aws-s3 plugin, for this gateway. */
async function documented(): Promise<string> {
  const text = await readFile('docs/uploads.md', 'utf8')
  const example = /```ts\n(async function ask[\s\S]*?)```/.exec(text)?.[1] ?? ''
  return example.replace('https://gateway.example/v2/demo', `${stack.url}/v2/hand`)
}

/** Uploads the file as a page would that has `plugin`, and resolves with the ref it heard of. */
async function uploadBy(plugin: string): Promise<{ failed: readonly string[]; ref: string }> {
  await page.goto(`${origin}/`)
  await page.choose('input', [path])
  return await page.evaluate(`(async () => {
    const token = 'rpa_test'
    const uppy = new Uppy()
    let ref
    uppy.on('upload-success', (_, { uploadURL }) => { ref ??= uploadURL })
    ${plugin}
    const [data] = document.querySelector('input').files
    uppy.addFile({ name: data.name, type: data.type, data })
    const { failed } = await uppy.upload()
    return { failed: failed.map(({ error }) => error), ref }
  })()`)
}

async function expectFile(ref: string): Promise<void> {
  expect(ref).toMatch(/^bulkway:/)
  const uploadId = ref.slice('bulkway:'.length)
  const [key = '', ...others] = (await stack.bucket.fileKeys()).filter((one) =>
    one.includes(uploadId),
  )
  expect(others).toEqual([])
  expect(key).toMatch(/\/in\/film\.mp4$/)
  expect(sha256(Buffer.from(await stack.bucket.get(key)))).toBe(hash)
}

describe.skipIf(!hasChromium)('Uppy', () => {
  test('uploads by its tus plugin', async () => {
    const { failed, ref } = await uploadBy(`uppy.use(Tus, {
      endpoint: '${stack.url}/v2/hand/uploads/tus',
      headers: { authorization: 'Bearer ' + token },
      onAfterResponse(_, response) { ref = response.getHeader('bulkway-ref') ?? ref },
    })`)
    expect(failed).toEqual([])
    await expectFile(ref)
  })

  test('uploads by its aws-s3 plugin with what docs/uploads.md gives for it', async () => {
    const before = stack.store.log.length
    const { failed, ref } = await uploadBy(await documented())

    expect(failed).toEqual([])
    await expectFile(ref)
    const parts = stack.store.log
      .slice(before)
      .filter(({ method, query }) => method === 'PUT' && query.includes('partNumber'))
    expect(parts.map(({ requestBytes }) => requestBytes).sort()).toEqual(
      [16_777_216, 16_777_216, bytes - 2 * 16_777_216].sort(),
    )
  })
})
