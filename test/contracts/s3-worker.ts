import { createHash, createHmac } from 'node:crypto'
import type { S3Config } from '../../src/access/minter.ts'

/** One S3 request of a worker. */
export interface WorkerRequest {
  readonly method?: string
  /** Real key; empty for the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Nothing stands in the path but `/`: ListBuckets. */
  readonly service?: boolean
}

/** What a store answered. */
export interface WorkerAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Where a worker's requests go: `fetch`, or a store that is a function. */
export type Fetch = (request: Request) => Promise<Response>

/**
 * A worker with keys of the store: path style, SigV4 in the header, the body's literal hash; signed by
 * code that is independent of the gateway's.
 */
export function createS3Worker(
  s3Config: S3Config,
  now: () => number,
  send: Fetch = (request) => fetch(request),
): (request: WorkerRequest) => Promise<WorkerAnswer> {
  const { accessId, accessSecret, bucketName, endpointUrl, sessionToken, region } = s3Config
  const { host, pathname } = new URL(endpointUrl)
  const base = pathname.replace(/\/$/, '')

  return async (request) => {
    const { method = 'GET', key = '', body = '' } = request
    const timestamp = new Date(now()).toISOString().replace(/[-:]|\.\d+/g, '')
    const hash = createHash('sha256').update(body).digest('hex')
    const headers: Record<string, string> = {
      ...request.headers,
      host,
      'x-amz-content-sha256': hash,
      'x-amz-date': timestamp,
      ...(sessionToken && { 'x-amz-security-token': sessionToken.reveal() }),
    }
    const names = Object.keys(headers).sort()
    const path = request.service
      ? `${base}/`
      : `${base}/${[bucketName, ...key.split('/')].map(encode).join('/')}`
    const query = Object.entries(request.query ?? {})
      .map((pair) => pair.map(encode).join('='))
      .sort()
      .join('&')
    const lines = names.map((name) => `${name}:${headers[name]}`)
    const canonical = [method, path, query, ...lines, '', names.join(';'), hash].join('\n')
    const scope = [timestamp.slice(0, 8), region, 's3', 'aws4_request']
    const digest = createHash('sha256').update(canonical).digest('hex')
    const text = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), digest].join('\n')
    const signing = scope.reduce<string | Buffer>(hmac, `AWS4${accessSecret.reveal()}`)
    const authorization =
      `AWS4-HMAC-SHA256 Credential=${accessId}/${scope.join('/')}, ` +
      `SignedHeaders=${names.join(';')}, Signature=${hmac(signing, text).toString('hex')}`
    const { host: _implied, ...sent } = headers
    const url = `${new URL(endpointUrl).origin}${path}${query === '' ? '' : `?${query}`}`
    const answer = await send(
      new Request(url, {
        method,
        headers: { ...sent, authorization },
        ...(method !== 'GET' && method !== 'HEAD' && { body: Buffer.from(body) }),
      }),
    )
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
