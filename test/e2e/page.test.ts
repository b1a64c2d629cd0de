import { expect, test } from 'vitest'
import { useStack } from './harness.ts'

const stack = useStack({ worker: 'none' })

test('The page is served whole, under a strict policy, and names no endpoint', async () => {
  const page = await stack.call('GET', '/', { key: '' })
  expect(page.status).toBe(200)
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self' http:\/\/127\.0\.0\.1:\d+; /,
  )
  expect(page.text).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/)
  expect(page.text).not.toMatch(/narrow|ruled|bulkway-dev/)
  const headers = { 'if-none-match': String(page.headers['etag']) }
  const again = await stack.call('GET', '/', { key: '', headers })
  expect([again.status, again.text]).toEqual([304, ''])
  const head = await stack.call('HEAD', '/', { key: '' })
  expect([head.status, head.text]).toEqual([200, ''])
})
