import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { expect } from 'vitest'
import type { Stack } from './harness.ts'
import { bytesOf } from './payload.ts'

const headers = { authorization: 'Bearer rpa_test', 'content-type': 'application/json' }

/**
 * Sends `bytes` bytes as base64 in JSON to a worker that reverses them, and reads what comes back, as
 * streams: strings of this size are more than the engine of JavaScript has room for.
 */
export async function echoLarge(
  stack: Stack,
  endpointId: string,
  bytes: number,
): Promise<{ bytes: number; sha256: string }> {
  const { text } = await send('POST', `${stack.url}/v2/${endpointId}/run`, bodyOf(bytes))
  const { id }: { id?: unknown } = JSON.parse(await text())
  await expect
    .poll(async () => (await stack.platform.job(`${id}`))['status'], { timeout: 240_000 })
    .not.toMatch(/^IN_/)
  const { status, error } = await stack.platform.job(`${id}`)
  expect(status, `${error}`).toBe('COMPLETED')
  const answer = await send('GET', `${stack.url}/v2/${endpointId}/status/${id}`)
  return await digestOf(answer.body, '"image":"')
}

function* bodyOf(bytes: number): Generator<string> {
  const content = bytesOf(bytes, 6)
  yield '{"input":{"task":"reverse","file":"'
  // A multiple of 3, so that each piece is base64 of its own.
  for (let at = 0; at < bytes; at += 3_000_000) {
    yield content.subarray(at, at + 3_000_000).toString('base64')
  }
  yield '"}}'
}

async function send(
  method: string,
  url: string,
  body: Iterable<string> = [],
): Promise<{ body: Readable; text(): Promise<string> }> {
  const response = await new Promise<Readable>((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (incoming) => {
      if (incoming.statusCode === 200) resolve(incoming)
      else reject(new Error(`Status ${incoming.statusCode}`))
    })
    outgoing.on('error', reject)
    if (method === 'GET') outgoing.end()
    else Readable.from(body).pipe(outgoing)
  })
  return { body: response, text: async () => (await response.toArray()).join('') }
}

/** Decodes the base64 string after `before`. */
async function digestOf(body: Readable, before: string) {
  const hash = createHash('sha256')
  let bytes = 0
  let rest = ''
  let isFound = false
  for await (const chunk of body.setEncoding('latin1')) {
    rest += chunk
    if (!isFound) {
      const at = rest.indexOf(before)
      if (at < 0) continue
      rest = rest.slice(at + before.length)
      isFound = true
    }
    const quote = rest.indexOf('"')
    const end = quote < 0 ? rest.length - (rest.length % 4) : quote
    const decoded = Buffer.from(rest.slice(0, end), 'base64')
    hash.update(decoded)
    bytes += decoded.length
    rest = rest.slice(end)
    if (quote >= 0) break
  }
  return { bytes, sha256: hash.digest('hex') }
}
