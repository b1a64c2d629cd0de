import { describe, expect, test } from 'vitest'
import { parseExactly } from '../../src/page/exact-json.ts'
import { type Sending, writeSnippet } from '../../src/page/snippets.ts'

const plain: Sending = {
  baseUrl: 'https://gateway.example',
  endpointId: 'my endpoint',
  request: { input: { text: 'it\'s $HOME `x` "q" \\' } },
  files: [],
}
const withFiles: Sending = {
  ...plain,
  request: { input: { a: [1, true, null] }, webhook: 'https://a.example', other: 1 },
  files: [
    { path: 'images.0', name: 'a "b".png' },
    { path: '/other/x', name: 'c' },
  ],
}

// That they run is tested in test/browser.
describe('writeSnippet', () => {
  test('quotes for the shell', () => {
    const { text } = writeSnippet('curl', plain)
    expect(text).toContain(`'https://gateway.example/v2/my%20endpoint/runsync'`)
    expect(text).toContain(String.raw`'{"input":{"text":"it'\''s $HOME `)
  })

  test('makes a form of files, and says what no form can hold', () => {
    const { text, note } = writeSnippet('curl', withFiles)
    expect(text).toContain(`--form-string 'input={"a":[1,true,null]}'`)
    expect(text).toContain(`--form-string 'webhook=https://a.example'`)
    expect(text).toContain(String.raw`-F '/input/images/0=@"a \"b\".png"'`)
    expect(note).toMatch(/A form cannot hold other, \/other\/x: left out/)
  })

  test('writes values as Python has them', () => {
    const request = { input: { a: [true, null, 'é'], b: {}, c: [] } }
    const { text } = writeSnippet('python', { ...plain, request })
    for (const part of ['True,', 'None,', '"é",', '"b": {},', '"c": [],'])
      expect(text).toContain(part)
    expect(text).toContain('runpod.endpoint_url_base = "https://gateway.example/v2"')
  })

  test('keeps numbers as they were written', () => {
    const request = parseExactly('{"input": {"seed": 12345678901234567890}}') as Sending['request']
    for (const language of ['curl', 'typescript', 'python'] as const) {
      const { text } = writeSnippet(language, { ...plain, request })
      expect(text).toMatch(/"seed": ?12345678901234567890/)
    }
  })

  test.each(['curl', 'typescript', 'python'] as const)('names no key in %s', (language) => {
    for (const sending of [plain, withFiles]) {
      const { text, note } = writeSnippet(language, sending)
      expect(text).toContain('BULKWAY_KEY')
      expect(note).toContain('BULKWAY_KEY')
    }
  })
})
