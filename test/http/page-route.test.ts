import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import type { Config, StoreConfig } from '../../src/config/config.ts'
import type { AppEnv } from '../../src/http/call.ts'
import { addPageRoute } from '../../src/http/page-route.ts'
import type { Reply } from '../../src/platform.ts'

async function ask(stores: readonly Partial<StoreConfig>[], headers: Record<string, string> = {}) {
  const app = new Hono<AppEnv>()
  const named = new Map(stores.map((store, index) => [`store-${index}`, store]))
  addPageRoute(app, { stores: named } as unknown as Config, async (_, flow) => {
    const { status, headers, body }: Reply = await flow()
    return new Response(body as BodyInit | undefined, { status, headers })
  })
  return await app.request('/', { headers })
}

async function policyOf(...stores: readonly Partial<StoreConfig>[]): Promise<Map<string, string>> {
  const policy = (await ask(stores)).headers.get('content-security-policy') ?? ''
  return new Map(
    policy.split('; ').map((one) => [one.replace(/ .*/, ''), one.replace(/^\S+ /, '')]),
  )
}

describe('GET /', () => {
  test('runs its own script and style, and nothing else', async () => {
    const page = await (await ask([])).text()
    const hashOf = (tag: string) => {
      const [, text = ''] = new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`).exec(page) ?? []
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    }
    const policy = await policyOf()
    expect(policy.get('default-src')).toBe("'none'")
    expect(policy.get('script-src')).toBe(hashOf('script'))
    expect(policy.get('style-src')).toBe(hashOf('style'))
    expect(page).not.toMatch(/<[^>]+ (style|on\w+)=/)
    expect(page.match(/(src|href)="(?!data:|#|openapi\.json)[^"]*"/g)).toBeNull()
  })

  test('lets parts go to the stores that are told to take them, and names none with TLS', async () => {
    const secure = { endpoint: 'https://account.store.example', presign: true }
    const local = { endpoint: 'http://127.0.0.1:9000/base', presign: true, bucket: 'b' }
    expect((await policyOf()).get('connect-src')).toBe("'self'")
    expect((await policyOf({ ...secure, presign: false })).get('connect-src')).toBe("'self'")
    expect((await policyOf(secure, secure)).get('connect-src')).toBe("'self' https:")
    const path = await policyOf({ ...local, pathStyle: true }, secure)
    expect(path.get('connect-src')).toBe("'self' http://127.0.0.1:9000 https:")
    const host = await policyOf({ ...local, endpoint: 'http://minio:9000', pathStyle: false })
    expect(host.get('connect-src')).toBe("'self' http://b.minio:9000")
  })

  test('is asked for again only when it is another one', async () => {
    const { headers } = await ask([])
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const again = await ask([], { 'if-none-match': `W/${headers.get('etag')}` })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  })
})
