import { describe, expect, test } from 'vitest'
import { respond } from '../../src/http/respond.ts'
import type { OutgoingBody, Platform } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { answer } from '../intake/memory-store.ts'

/** A platform, and a body that knows whether it was let go of. */
function start() {
  const tasks: Promise<unknown>[] = []
  const platform: Platform = {
    ...createNodePlatform({ write() {} }),
    waitUntil: (task) => void tasks.push(task),
  }
  const cancels: unknown[] = []
  const upstream = answer(200, 'some bytes').body
  const cancel = async () => void cancels.push('cancelled')
  const passed = { ...upstream, cancel }
  const made: OutgoingBody = { length: undefined, read: () => upstream.read(), cancel }
  return { platform, tasks, cancels, passed, made }
}

describe('a reply that has no body on the wire', () => {
  test.each([
    [204, 'GET'],
    [205, 'GET'],
    [304, 'GET'],
    [200, 'HEAD'],
    [404, 'HEAD'],
  ])('lets go of the one from upstream: %i for %s', async (status, method) => {
    for (const kind of ['passed', 'made'] as const) {
      const { platform, tasks, cancels, ...bodies } = start()
      const headers = new Headers({ 'x-request-id': 'kept' })
      const response = respond({ status, headers, body: bodies[kind] }, platform, method)
      await Promise.all(tasks)
      expect(cancels).toEqual(['cancelled'])
      expect(tasks).toHaveLength(1)
      expect(response.status).toBe(status)
      expect(response.body).toBeNull()
      expect(response.headers.get('x-request-id')).toBe('kept')
    }
  })
})

describe('a reply with a body', () => {
  test('carries it whole, and lets go of nothing', async () => {
    for (const kind of ['passed', 'made'] as const) {
      const { platform, tasks, cancels, ...bodies } = start()
      const response = respond(
        { status: 200, headers: new Headers(), body: bodies[kind] },
        platform,
        'GET',
      )
      expect(await response.text()).toBe('some bytes')
      expect([tasks, cancels]).toEqual([[], []])
    }
  })
})
