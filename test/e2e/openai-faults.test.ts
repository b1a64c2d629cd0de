import { describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import {
  alice,
  clientOf,
  keysMode,
  left,
  messages,
  open,
  sealedShown,
  upstreamKey,
  withOdd,
} from './openai-scene.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({ worker: 'none', config: withOdd })

describe.each([
  ['that goes on as it came', [{ role: 'user' as const, content: 'hello' }]],
  ['with files', messages],
])('An answer to a prompt %s', (title, messages) => {
  const name = (model: string) => `${model}-${title}`

  test('may be without an end, and ends where its client leaves', async () => {
    const model = name('endless')
    const stream = await clientOf(stack, 'odd').chat.completions.create({
      model,
      messages,
      stream: true,
    })
    let count = 0
    for await (const _ of stream) if (++count === 50) break
    expect(count).toBe(50)
    await expect.poll(() => left.has(model), { timeout: 10_000 }).toBe(true)
    expect(open.has(model)).toBe(false)
  })

  test('begins before its first event', async () => {
    const begun = Date.now()
    const stream = await clientOf(stack, 'odd').chat.completions.create({
      model: name('slow'),
      messages,
      stream: true,
    })
    // The files are staged before; the first event comes 1.5 s after the head.
    const headAfter = Date.now() - begun
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content
    expect(text).toBe('late')
    expect(Date.now() - begun - headAfter).toBeGreaterThan(1000)
  })

  test.each(['half', 'stuck'])(
    'that hangs, %s, is never given for a whole one',
    async (kind) => {
      const body = JSON.stringify({ model: name(kind), messages })
      const answer = await stack
        .call('POST', '/v2/odd/openai/v1/chat/completions', { body })
        .catch((error: unknown) => error)
      if (answer instanceof Error) return
      // Where nothing was sent yet, it is an error with a status of its own.
      expect(answer).toMatchObject({ status: 502 })
      expect(json(answer as never)).toMatchObject({ code: 'upstream_unreachable' })
    },
    30_000,
  )
})

test.each(['leaky', 'whole', 'fault'])('Links never come back in any form: %s', async (kind) => {
  const body = JSON.stringify({ model: kind, messages })
  const answer = await stack.call('POST', '/v2/odd/openai/v1/chat/completions', { body })
  expect(answer.status).toBe(kind === 'fault' ? 400 : 200)
  expect(answer.text).toMatch(/\/files\/\*{20,}/)
  expect(sealedShown()).toHaveLength(5)
  expect(secretsIn(answer.text, Object.fromEntries(sealedShown().entries()))).toEqual([])
  expect(answer.text).toMatch(kind === 'leaky' ? /data: \[DONE\]\n\n$/ : /\}\}$|\}\]\}$/)
})

describe('Callers with keys of the gateway', () => {
  const keyed = useStack(keysMode)

  test.each(['leaky', 'whole', 'fault'])(
    'never see the gateway’s own key, in any form: %s',
    async (kind) => {
      for (const content of ['hello', messages[0]?.content]) {
        const body = JSON.stringify({ model: kind, messages: [{ role: 'user', content }] })
        const path = '/v2/odd/openai/v1/chat/completions'
        const answer = await keyed.call('POST', path, { body, key: alice })
        expect(answer.text).toContain('*'.repeat(upstreamKey.length))
        expect(sealedShown()).toHaveLength(content === 'hello' ? 0 : 5)
        const secrets = { key: upstreamKey, ...Object.fromEntries(sealedShown().entries()) }
        expect(secretsIn(answer.text, secrets)).toEqual([])
        expect(secretsIn(JSON.stringify(answer.headers), secrets)).toEqual([])
      }
    },
  )
})
