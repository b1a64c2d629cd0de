import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { type Answer, json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, sha256 } from './payload.ts'
import type { TakenJob } from './platform-view.ts'

/** Bodies of prompts, and what is streamed for them: one event for each link, with its digest. */
const prompts: string[] = []
const chat = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', async () => {
    if (request.url?.endsWith('/health')) {
      response.setHeader('content-type', 'application/json')
      response.end('{}')
      return
    }
    const text = Buffer.concat(pieces).toString()
    prompts.push(text)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [link] of text.matchAll(/http:\/\/[^"]+\/files\/[^"]+/g)) {
      const file = Buffer.from(await (await fetch(link)).arrayBuffer())
      response.write(`data: ${JSON.stringify({ link, sha256: sha256(file) })}\n\n`)
    }
    response.end('data: [DONE]\n\n')
  })
})
await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve))
afterAll(() => chat.close())

const stack = useStack({
  worker: 'none',
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      chat: { upstream: `http://127.0.0.1:${(chat.address() as AddressInfo).port}/v2` },
    },
  }),
})

interface SignedPart {
  readonly partNumber: number
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
}

/** Uploads a file as a client does; gives its ref and id. */
async function upload(endpointId: string, file: Buffer, options: { complete?: boolean } = {}) {
  const base = `/v2/${endpointId}/uploads`
  const announced = { filename: 'a cat.png', contentType: 'image/png', size: file.length }
  const started = await stack.call('POST', base, { body: JSON.stringify(announced) })
  expect(started.status, started.text).toBe(201)
  const { uploadId, ref, partSize, parts } = json(started) as {
    uploadId: string
    ref: string
    partSize: number
    parts: SignedPart[]
  }
  const landed = []
  for (const { partNumber, method, url, headers } of parts) {
    const from = (partNumber - 1) * partSize
    const body = new Uint8Array(file.subarray(from, from + partSize))
    const response = await fetch(url, { method, headers, body })
    expect(response.status).toBe(200)
    landed.push({ partNumber, etag: response.headers.get('etag') ?? '' })
  }
  if (options.complete !== false) {
    const body = JSON.stringify({ parts: landed })
    const completed = await stack.call('POST', `${base}/${uploadId}/complete`, { body })
    expect(completed.status, completed.text).toBe(200)
  }
  return { uploadId, ref }
}

/** Submits a job with an input; gives what its worker takes. */
async function taken(endpointId: string, input: object): Promise<TakenJob> {
  const id = await stack.submitted(endpointId, { input })
  const job = await stack.platform.take(endpointId)
  expect(job.id).toBe(id)
  return job
}

const file = bytesOf(300_000)

describe('A ref', () => {
  test('is a file in the job bucket, which can be read and never written', async () => {
    const { ref } = await upload('always', file)
    const payload = bytesOf(100_000)
    const job = await taken('always', { file: ref, deep: [ref], own: payload.toString('base64') })
    const path = 'in/1-a-cat.png'
    expect(job.input).toEqual({
      file: path,
      deep: [path],
      own: expect.stringMatching(/^in\/0-own/),
    })
    const { s3Config } = job
    if (s3Config === undefined) throw new Error('no s3Config')
    const client = workerClient(s3Config)
    const Bucket = s3Config.bucketName
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: path }))
    expect(sha256(Buffer.from((await Body?.transformToByteArray()) ?? []))).toBe(sha256(file))
    const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'in/' }))
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual([job.input['own'], path])
    for (const refused of [
      new PutObjectCommand({ Bucket, Key: path, Body: 'x' }),
      new DeleteObjectCommand({ Bucket, Key: path }),
    ]) {
      await expect(client.send(refused as PutObjectCommand)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      })
    }
    await client.send(new PutObjectCommand({ Bucket, Key: 'out.txt', Body: 'done' }))

    // What is the job's own goes with it.
    await stack.platform.finish('always', job.id, { output: {} })
    expect((await stack.settled('always', job.id)).status).toBe(200)
    expect((await stack.call('DELETE', `/v2/always/jobs/${job.id}`)).status).toBe(204)
    const left = await stack.bucket.fileKeys()
    expect(left.map((key) => key.split('/').at(-1))).toEqual(['a-cat.png'])
    const another = await taken('always', { file: ref })
    expect(another.input).toEqual({ file: 'in/0-a-cat.png' })
    await stack.platform.finish('always', another.id, { output: {} })
  })

  test('is a link where the worker takes links, and never shown again', async () => {
    const { ref } = await upload('link', file)
    const job = await taken('link', { file: ref })
    const link = `${job.input['file']}`
    expect(link).toMatch(new RegExp(`^${stack.url}/files/`))
    const served = await fetch(link)
    expect(served.headers.get('content-type')).toBe('image/png')
    expect(sha256(Buffer.from(await served.arrayBuffer()))).toBe(sha256(file))
    await stack.platform.finish('link', job.id, { output: { echo: link } })
    const settled = await stack.settled('link', job.id)
    expect(settled.status).toBe(200)
    expect(settled.text).not.toContain(link.split('/').at(-2))
  })

  test('is refused in one way for what is not there and for what is not the caller’s', async () => {
    const { ref, uploadId } = await upload('always', file)
    const open = await upload('always', file, { complete: false })
    const before = stack.submissions()
    const submit = (ref: string, endpointId = 'always', key = 'rpa_test') =>
      stack.submit(endpointId, { input: { deep: [{ 'a/b': ref }] } }, { key })
    const told = (answer: Answer) => {
      const { requestId: _, instance: __, ...problem } = json(answer)
      return problem
    }
    const last = uploadId.endsWith('a') ? 'b' : 'a'
    const altered = await submit(`bulkway:${uploadId.slice(0, -1)}${last}`)
    expect(altered.status).toBe(404)
    expect(json(altered)).toMatchObject({
      code: 'upload_not_found',
      pointer: '/input/deep/0/a~1b',
    })
    for (const answer of [
      await submit(ref, 'always', 'rpa_another'),
      await submit(ref, 'hand'),
      await submit('bulkway:form/0'),
      await submit(`${ref}x`),
    ]) {
      expect(told(answer)).toEqual(told(altered))
    }
    const incomplete = await submit(open.ref)
    expect(incomplete.status).toBe(409)
    expect(json(incomplete)).toMatchObject({
      code: 'upload_incomplete',
      pointer: '/input/deep/0/a~1b',
    })
    expect((await submit(ref, 'bare')).status).toBe(400)
    expect(stack.submissions()).toBe(before)
    expect((await stack.call('DELETE', `/v2/always/uploads/${open.uploadId}`)).status).toBe(204)
  })

  test('in a prompt is a link, and the answer is streamed without it', async () => {
    const { ref } = await upload('chat', file)
    const prompt = {
      stream: true,
      messages: [
        { content: [{ type: 'image_url', image_url: { url: ref } }] },
        { content: [{ type: 'input_audio', input_audio: { data: ref } }] },
      ],
    }
    const body = JSON.stringify(prompt).replace('bulkway', 'b\\u0075lkway')
    const answer = await stack.call('POST', '/v2/chat/openai/v1/chat/completions', { body })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers['content-type']).toBe('text/event-stream')
    const links = [...(prompts.at(-1) ?? '').matchAll(/http:\/\/[^"]+\/files\/([^"/]+)/g)]
    expect(links).toHaveLength(2)
    expect(answer.text.match(new RegExp(sha256(file), 'g'))).toHaveLength(2)
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
    for (const [, sealed] of links) expect(answer.text).not.toContain(sealed)

    const plain = ' {"messages": [], "n":-0}'
    await stack.call('POST', '/v2/chat/openai/v1/chat/completions', { body: plain })
    expect(prompts.at(-1)).toBe(plain)
    const unknown = JSON.stringify({ a: 'bulkway:x' })
    const refused = await stack.call('POST', '/v2/chat/openai/v1/x', { body: unknown })
    expect(json(refused)).toMatchObject({ code: 'upload_not_found', pointer: '/a' })
  })
})
