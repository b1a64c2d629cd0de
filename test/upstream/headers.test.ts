import { describe, expect, it } from 'vitest'
import { requestHeaders, responseHeaders } from '../../src/upstream/headers.ts'

describe('headers on their way upstream', () => {
  it('passes what the platform or its workers read', () => {
    const given = {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'RunPod-JS-SDK/1.1.2',
      'x-request-id': 'abc',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-runpod-worker-id': 'strict w1',
    }
    const passed = Object.fromEntries(requestHeaders(new Headers(given)))
    expect(passed).toEqual({ ...given, 'accept-encoding': 'identity' })
  })

  it('keeps back credentials, cookies, the network path and what is of one hop', () => {
    const given = new Headers({
      authorization: 'Bearer x',
      cookie: 'a=b',
      host: 'gw',
      forwarded: 'for=1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'cf-connecting-ip': '1.2.3.4',
      'accept-encoding': 'gzip',
      'content-length': '3',
      'transfer-encoding': 'chunked',
      te: 'trailers',
      range: 'bytes=0-1',
      'x-runpod-internal': 'x',
      connection: 'close, X-Request-Id',
      'x-request-id': 'abc',
    })
    expect([...requestHeaders(given)]).toEqual([['accept-encoding', 'identity']])
  })
})

describe('headers on their way to the client', () => {
  const given = new Headers({
    'content-type': 'application/json',
    'content-length': '12',
    'retry-after': '3',
    'x-ratelimit-remaining': '9',
    'ratelimit-policy': '10;w=1',
    'x-runpod-worker-id': 'w1',
    'cache-control': 'no-store',
    'set-cookie': '__cf_bm=secret',
    location: 'https://inner.example/',
    server: 'cloudflare',
    via: '1.1 x',
    'cf-ray': '1',
    'access-control-allow-origin': '*',
    etag: '"x"',
    connection: 'keep-alive',
  })

  it('passes the description of the body and the limits only', () => {
    expect([...responseHeaders(given).keys()].sort()).toEqual([
      'cache-control',
      'content-length',
      'content-type',
      'ratelimit-policy',
      'retry-after',
      'x-ratelimit-remaining',
      'x-runpod-worker-id',
    ])
  })

  it('drops the length of a body that was changed', () => {
    expect(responseHeaders(given, { untouched: false }).has('content-length')).toBe(false)
  })
})
