import { describe, expect, test } from 'vitest'
import { linkParts, needsLinkPart } from '../../../src/flows/openai/link-parts.ts'

const link = 'https://gateway.example/files/sealed/0-data.wav'
const links = new Set([JSON.stringify(link)])

function linked(text: string): string {
  return Buffer.from(linkParts(new TextEncoder().encode(text), links)).toString()
}

const chat = (...parts: string[]) => `{"n" : -0,"messages":[{"content":[${parts.join(' ,')}]}]}`

describe('audio of a chat', () => {
  test.each([
    [
      `{"type": "input_audio" , "input_audio":{"data":"${link}","format":"wav"}, "uuid":"u"}`,
      `{"type": "audio_url" , "audio_url":{"url":"${link}"}, "uuid":"u"}`,
    ],
    [
      `{"input_audio":{ "format" : "mp3","data":"${link}"},"type":"input\\u005faudio"}`,
      `{"audio_url":{"url":"${link}"},"type":"audio_url"}`,
    ],
    [
      `{"type":0,"input_audio":0,"input_audio":{"data":1,"data":"${link}"},"type":"input_audio"}`,
      `{"type":0,"input_audio":0,"audio_url":{"url":"${link}"},"type":"audio_url"}`,
    ],
    [`{"input\\u005faudio":{"data":"${link}"}}`, `{"audio_url":{"url":"${link}"}}`],
  ])('becomes a link by its own name: %s', (part, expected) => {
    const text = '{"type":"text","text":"input_audio"}'
    expect(linked(chat(text, part, text, part))).toBe(chat(text, expected, text, expected))
  })

  test.each([
    `{"type":"input_audio","input_audio":{"data":"QUJD","format":"wav"}}`,
    `{"type":"input_audio","input_audio":"${link}"}`,
    `{"type":"input_audio","input_audio":{"data":"${link}","data":"QUJD"}}`,
    `{"type":"image_url","image_url":{"url":"${link}"}}`,
    '"input_audio"',
    'null',
  ])('stays where it is no link: %s', (part) => {
    expect(linked(chat(part))).toBe(chat(part))
  })

  test('is looked for in the messages alone', () => {
    const part = `{"type":"input_audio","input_audio":{"data":"${link}"}}`
    for (const text of [
      `{"message":[{"content":[${part}]}]}`,
      `{"messages":{"content":[${part}]}}`,
      `{"messages":[{"content":${part}}]}`,
      `{"messages":[{"parts":[${part}]},7,"x"]}`,
      `[${part}]`,
      part,
    ]) {
      expect(linked(text)).toBe(text)
    }
  })
})

test('a file of a response becomes a link by its own name', () => {
  const part = (name: string) =>
    `{"input":[{"role":"user","content":[{"type":"input_file","filename":"a.pdf","${name}":"${link}"}]}]}`
  expect(linked(part('file_data'))).toBe(part('file_url'))
  const chatFile = chat(`{"type":"file","file":{"file_data":"${link}"}}`)
  expect(linked(chatFile)).toBe(chatFile)
})

test.each([
  ['/messages/0/content/12/input_audio/data', true],
  ['/input/0/content/1/file_data', true],
  ['/input/0/content/1/input_audio/data', false],
  ['/messages/0/content/12/image_url/url', false],
  ['/messages/x/content/12/input_audio/data', false],
  ['/a/messages/0/content/12/input_audio/data', false],
])('the place %s needs it: %s', (pointer, expected) => {
  expect(needsLinkPart(pointer)).toBe(expected)
})

test('a body of nothing but small members costs time in proportion, and no memory to speak of', () => {
  const many = (count: number) =>
    new TextEncoder().encode(chat(`{${'"a":1,'.repeat(count)}"b":{"input_audio":[]}}`))
  const secondsOf = (count: number) => {
    const request = many(count)
    const { user } = process.cpuUsage()
    expect(linkParts(request, links)).toBe(request)
    return (process.cpuUsage().user - user) / 1e6
  }
  secondsOf(100_000)
  const once = secondsOf(100_000)
  expect(secondsOf(400_000)).toBeLessThan(Math.max(12 * once, 2))
})
