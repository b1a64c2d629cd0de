import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, json } from './call.ts'
import type { ConfigDocument } from './config.ts'
import { smallLimit } from './config.ts'
import { useStack } from './harness.ts'
import { base64Of, bytesOf, largeBytes, sha256 } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { type PythonWorker, python, startPythonWorker } from './python-worker.ts'
import { secretsIn } from './secret-forms.ts'
import { echoLarge } from './stream-large.ts'

const sorts = ['plain', 'later', 'chunks', 'chunks_later'] as const
const stack = useStack({ worker: 'none', config: withWrappedWorkers })

/** The endpoint of each sort of handler; `linked` gives links for outputs, and paths to its handler. */
const endpointOf = (sort: string) => `wrapped-${sort.replace('_', '-')}`
const script = 'test/python/wrapped_worker.py'

function withWrappedWorkers(document: ConfigDocument): ConfigDocument {
  const limits = { runMaxBytes: smallLimit, runsyncMaxBytes: smallLimit }
  const wrapped = { as: 'original', outputs: 'inline', inlineMaxObjects: 1000, ...limits }
  const endpoints = Object.fromEntries(sorts.map((sort) => [endpointOf(sort), wrapped]))
  const linked = { ...wrapped, outputs: 'link' }
  return { ...document, endpoints: { ...document.endpoints, ...endpoints, linked } }
}

// Made by test/python/setup.sh; without it there is nothing to attach.
describe.runIf(python !== undefined)("RunPod's own worker with a wrapped handler", () => {
  const workers: PythonWorker[] = []

  beforeAll(() => {
    const { platformUrl } = stack
    for (const sort of sorts) {
      const endpointId = endpointOf(sort)
      workers.push(startPythonWorker({ platformUrl, endpointId, script, env: { HANDLER: sort } }))
    }
    const env = { HANDLER: 'later', INPUTS: '{"/input/file": "path"}' }
    workers.push(startPythonWorker({ platformUrl, endpointId: 'linked', script, env }))
  })

  afterAll(async () => {
    for (const worker of workers) await worker.stop()
  })

  async function ran(endpointId: string, input: unknown): Promise<Answer> {
    return await stack.settled(endpointId, await stack.submitted(endpointId, { input }))
  }

  describe.each(sorts)('%s', (sort) => {
    const endpointId = endpointOf(sort)
    const isGenerator = sort.startsWith('chunks')
    const file = base64Of(3_000_001)
    const note = `data:text/x-note;charset=utf-8;base64,${base64Of(100_000, 2)}`
    const expected = {
      seen: { length: file.length, sha256: sha256(Buffer.from(file)) },
      file,
      note,
    }

    test('is given the strings of the client, and they come back as they were', async () => {
      const id = await stack.submitted(endpointId, { input: { task: 'echo', file, note } })
      const job = await stack.platform.job(id)
      expect(job.input).toMatchObject({
        file: expect.stringMatching(/^bulkway-input:\/\/BW1/),
        note: expect.stringMatching(/^bulkway-input:\/\/BW1/),
      })
      const done = await stack.settled(endpointId, id)
      const { status, output } = json(done)

      expect(status, done.text.slice(0, 2000)).toBe('COMPLETED')
      expect(output).toEqual(isGenerator ? ['first', expected] : expected)
      expect(secretsIn(done.text, secretsOf(job))).toEqual([])
    })

    test.runIf(isGenerator)('has its chunks in the stream', async () => {
      const id = await stack.submitted(endpointId, { input: { task: 'echo', file, note } })
      const chunks: unknown[] = []
      for (let status = ''; status !== 'COMPLETED'; ) {
        const answer = json(await stack.call('GET', `/v2/${endpointId}/stream/${id}`))
        expect(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']).toContain(answer['status'])
        status = `${answer['status']}`
        if (Array.isArray(answer['stream'])) chunks.push(...answer['stream'])
      }
      expect(chunks).toEqual([{ output: 'first' }, { output: expected }])
    })

    test.runIf(isGenerator)('keeps its chunks where they are too many for one answer', async () => {
      const done = await ran(endpointId, { task: 'many', count: 200 })
      const { status, output } = json(done)
      const part = 'p'.repeat(60_000)

      expect(done.bytes.length).toBeGreaterThan(10_485_760)
      expect(status).toBe('COMPLETED')
      expect(output).toEqual(['first', ...Array.from({ length: 200 }, (_, n) => ({ n, part }))])
    })

    test('fails with an error that says why, though the error repeats the input', async () => {
      const done = await ran(endpointId, { task: 'fail', file })
      const { status, error } = json(done)

      expect(status, done.text.slice(0, 2000)).toBe('FAILED')
      expect(error).toContain(`RuntimeError: no luck with ${file.slice(0, 1000)}`)
      expect(error).toContain('characters left out')
    })

    test('fails where an output cannot be stored, and is not lost', async () => {
      const done = await ran(endpointId, { task: 'lose' })
      const { status, error } = json(done)

      expect(status, done.text.slice(0, 2000)).toBe('FAILED')
      expect(error).toContain('Cannot store /output/file: FileNotFoundError')
    })
  })

  test('answers runsync', async () => {
    const file = base64Of(2_000_000, 3)
    const body = JSON.stringify({ input: { task: 'reverse', file } })
    const done = await stack.call('POST', `/v2/${endpointOf('plain')}/runsync`, { body })

    const image = bytesOf(2_000_000, 3).reverse().toString('base64')
    expect(json(done)).toMatchObject({ status: 'COMPLETED', output: { image } })
  })

  test('gives values of every form back inline', async () => {
    const { output } = json(await ran(endpointOf('plain'), { task: 'forms' }))

    expect(output).toEqual({
      uri: `data:image/png;base64,${Buffer.alloc(150_000).toString('base64')}`,
      text: 'Größe "😀"\n'.repeat(20_000),
      bytes: Buffer.from(Array.from({ length: 256_000 }, (_, i) => i % 256)).toString('base64'),
      path: expect.stringMatching(/^[A-Za-z0-9+/]{266666}[A-Za-z0-9+/]=$/),
      parts: Buffer.concat([0, 1, 2].map((n) => Buffer.alloc(100_000, n))).toString('base64'),
      json: { n: [1, 2.5, null] },
      listed: [{ deep: ['x'.repeat(100_000)] }],
    })
  })

  test('gives links to the same, with their names and types', async () => {
    const id = await stack.submitted('linked', { input: { task: 'forms' } })
    const done = await stack.settled('linked', id)
    const { output } = json(done)
    const link = (name: RegExp) =>
      expect.stringMatching(new RegExp(`^${stack.url}/files/[^/]+/${name.source}$`))

    expect(output).toEqual({
      uri: link(/1-uri\.png/),
      text: link(/2-text\.txt/),
      bytes: link(/3-bytes\.bin/),
      path: link(/4-clip\.webm/),
      parts: link(/5-parts\.bin/),
      json: link(/6-json\.json\?references=links/),
      listed: [{ deep: [link(/7-deep\.(txt|bin)/)] }],
    })
    const links: Record<string, unknown> = { ...(output ?? {}) }
    const clip = await fetch(`${links['path']}`)
    expect(clip.headers.get('content-type')).toBe('video/webm')
    expect((await clip.arrayBuffer()).byteLength).toBe(200_000)
    const text = await fetch(`${links['text']}`)
    expect(await text.text()).toBe('Größe "😀"\n'.repeat(20_000))
    expect(secretsIn(done.text, secretsOf(await stack.platform.job(id)))).toEqual([])
  })

  test('an output over the limit of the platform comes all the same', async () => {
    const done = await ran(endpointOf('plain'), { task: 'vectors', count: 700 })
    const { status, output } = json(done)
    const vector = Array.from({ length: 1000 }, (_, n) => n / 3)

    expect(done.bytes.length).toBeGreaterThan(10_485_760)
    expect(status).toBe('COMPLETED')
    expect(output).toEqual({ vectors: Array.from({ length: 700 }, () => vector) })
  })

  test('is given a path by a rule, with the extension of the file', async () => {
    const content = bytesOf(1_500_000, 4)
    const form = new FormData()
    form.set('input', '{"task": "path"}')
    form.set('file', new File([new Uint8Array(content)], 'my clip.webm', { type: 'video/webm' }))
    const headers = { authorization: 'Bearer rpa_test' }
    const request = { method: 'POST', headers, body: form }
    const sent = await fetch(`${stack.url}/v2/linked/run`, request)
    const { id }: { id?: unknown } = JSON.parse(await sent.text())
    const { output } = json(await stack.settled('linked', `${id}`))

    expect(output).toEqual({
      name: '0-file.webm',
      seen: { length: content.length, sha256: sha256(content) },
    })
  })

  test('a reference to a file of another job is refused, and named in the log', async () => {
    const first = await stack.submitted(endpointOf('plain'), {
      input: { task: 'reverse', file: base64Of(2_000_000, 5) },
    })
    await stack.settled(endpointOf('plain'), first)
    const { output, s3Config } = await stack.platform.job(first)
    const { image }: { image?: string } = { ...(output ?? {}) }
    expect(image).toContain(`bulkway-output://${s3Config?.accessId}/out/`)

    for (const endpointId of [endpointOf('plain'), 'linked']) {
      const done = await ran(endpointId, { task: 'forge', reference: image })
      const { file }: { file?: unknown } = { ...(json(done)['output'] ?? {}) }
      expect(file).toMatch(/^bulkway-output:/)
    }
    const refused = () => stack.gatewayLines.filter((line) => line.includes('reference_refused'))
    await expect.poll(() => refused().length).toBeGreaterThan(1)
  })

  const isLong = process.env['CI'] !== undefined && stack.runtime === 'node'
  const bytes = isLong ? Math.max(200_000_000, largeBytes) : largeBytes
  test(`${bytes} bytes both ways, unchanged`, { timeout: 300_000 }, async () => {
    const echoed = await echoLarge(stack, endpointOf('plain'), bytes)
    const reversed = createHash('sha256').update(bytesOf(bytes, 6).reverse()).digest('hex')

    expect(echoed).toEqual({ bytes, sha256: reversed })
    expect(stack.store.openUploads()).toEqual([])
  })

  test('no worker keeps a file of a job that is over', async () => {
    for (const worker of workers) expect(await worker.temporaryFiles()).toEqual([])
  })

  test('After the sweep nothing of it is left', async () => {
    await stack.expectNothingLeft()
  })
})
