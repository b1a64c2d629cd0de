import type OpenAI from 'openai'
import { toFile } from 'openai'
import { describe, expect, test } from 'vitest'
import { useStack } from './harness.ts'
import {
  alice,
  base64,
  clientOf,
  file,
  keysMode,
  messages,
  upstreamKey,
  withOdd,
} from './openai-scene.ts'
import { bytesOf, sha256 } from './payload.ts'

const seen = (part: string) => `${part} of ${file.length} bytes ${sha256(file)}`
const answered = ['You said hello']
  .concat(['image_url', 'audio_url', 'video_url', 'audio_url', 'file'].map(seen))
  .join('\n')
const input = [
  {
    role: 'user' as const,
    content: [
      { type: 'input_text' as const, text: 'hello' },
      {
        type: 'input_image' as const,
        detail: 'auto' as const,
        image_url: `data:image/png;base64,${base64}`,
      },
      {
        type: 'input_file' as const,
        filename: 'a.pdf',
        file_data: `data:application/pdf;base64,${base64}`,
      },
    ],
  },
]
const responded = ['You said hello', seen('input_image'), seen('input_file')].join('\n')

async function streamed(client: OpenAI): Promise<string> {
  const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
  return text
}

const stack = useStack({ worker: 'none', config: withOdd })

describe('The official OpenAI package', () => {
  test.each(['always', 'over'])('chats of large files, which become links, at %s', async (name) => {
    const client = clientOf(stack, name)
    const { choices } = await client.chat.completions.create({ model: 'm', messages })
    expect(choices[0]?.message.content).toBe(answered)
    expect(await streamed(client)).toBe(answered)
    const sent = stack.upstream.log.filter(({ path }) => path.endsWith('/chat/completions'))
    for (const { kept } of sent.slice(-2)) expect(kept?.body.length).toBeLessThan(10_000)
  })

  test('asks for responses', async () => {
    const client = clientOf(stack, 'always')
    const response = await client.responses.create({ model: 'm', input })
    expect(response.output_text).toBe(responded)
    let text = ''
    const stream = await client.responses.create({ model: 'm', input, stream: true })
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.completed') expect(event.response.id).toBe('resp_1')
    }
    expect(text).toBe(responded)
  })

  test('completes, embeds and lists as it does without a gateway', async () => {
    const client = clientOf(stack, 'always')
    const { choices } = await client.completions.create({ model: 'm', prompt: 'hello' })
    expect(choices[0]?.text).toBe('You said hello')
    let text = ''
    const stream = await client.completions.create({ model: 'm', prompt: 'hi', stream: true })
    for await (const { choices } of stream) text += choices[0]?.text
    expect(text).toBe('You said hi')
    const { data } = await client.embeddings.create({ model: 'm', input: ['a', 'b'] })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [1, 0.5, -0.25],
      [1, 0.5, -0.25],
    ])
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(['emulated'])
    expect((await client.models.retrieve('some/one')).id).toBe('some/one')
  })

  test('sends forms, which go on as they come', async () => {
    const client = clientOf(stack, 'always')
    const audio = bytesOf(3_000_000)
    const { text } = await client.audio.transcriptions.create({
      model: 'm',
      file: await toFile(audio, 'speech.wav'),
    })
    expect(text).toBe(sha256(audio))
    const image = await toFile(file, 'a.png', { type: 'image/png' })
    const edited = await client.images.edit({ model: 'm', prompt: 'brighter', image })
    const digest = Buffer.from(edited.data?.[0]?.b64_json ?? '', 'base64').toString()
    expect(digest).toBe(sha256(file))
    await client.images.generate({ model: 'm', prompt: 'a cat' })
  })

  test('reads what is wrong', async () => {
    const client = clientOf(stack, 'always')
    const bad = [{ type: 'input_audio', input_audio: { data: 'no base64', format: 'wav' } }]
    await expect(
      client.chat.completions.create({
        model: 'm',
        messages: [{ role: 'user', content: bad as never }],
      }),
    ).rejects.toMatchObject({ status: 400, message: '400 not base64' })
    await expect(clientOf(stack, 'always', 'bad').models.list()).rejects.toMatchObject({
      status: 401,
    })
    const unknown = { role: 'user' as const, content: 'bulkway:x' }
    await expect(
      client.chat.completions.create({ model: 'm', messages: [unknown] }),
    ).rejects.toMatchObject({
      status: 404,
      message: '404 Cannot find the upload of this ref',
      code: 'upload_not_found',
      type: 'invalid_request_error',
      param: '/messages/0/content',
    })
  })
})

describe('Callers with keys of the gateway', () => {
  const keyed = useStack(keysMode)

  test('chat, and list models', async () => {
    const client = clientOf(keyed, 'always', alice)
    const { choices } = await client.chat.completions.create({ model: 'm', messages })
    expect(choices[0]?.message.content).toBe(answered)
    expect(await streamed(client)).toBe(answered)
    expect((await client.responses.create({ model: 'm', input })).output_text).toBe(responded)
    expect((await client.models.list()).data).toHaveLength(1)
    const sent = keyed.upstream.log.at(-1)
    expect(sent?.kept?.headers['authorization']).toBe(`Bearer ${upstreamKey}`)
  })

  test('see nothing that others may have kept', async () => {
    const client = clientOf(keyed, 'always', alice)
    const before = keyed.upstream.log.length
    await expect(client.files.list()).rejects.toMatchObject({ status: 404 })
    await expect(client.responses.retrieve('resp_1')).rejects.toMatchObject({ status: 404 })
    await expect(
      client.responses.create({ model: 'm', input: 'hi', previous_response_id: 'resp_1' }),
    ).rejects.toMatchObject({ status: 400 })
    expect(keyed.upstream.log.length).toBe(before)
  })
})
