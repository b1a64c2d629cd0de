import { expect, test } from 'vitest'
import { parseCommand } from '../../src/cli/parse-command.ts'

const env = {
  BULKWAY_API_KEY: 'key-1',
  BULKWAY_URL: 'https://gateway.test',
  BULKWAY_ENDPOINT: 'e1',
}

test('reads an upload with all that it can be told', () => {
  const args = 'upload a.bin -e e2 --json --sha256 --concurrency 8 --no-resume --content-type a/b'
  expect(parseCommand([...args.split(' '), '--persist', 'models/a'], env)).toMatchObject({
    kind: 'upload',
    baseUrl: 'https://gateway.test',
    apiKey: 'key-1',
    endpointId: 'e2',
    paths: ['a.bin'],
    json: true,
    sha256: true,
    resume: false,
    concurrency: 8,
    contentType: 'a/b',
    persist: 'models/a',
  })
})

test('reads a run with files, whose paths may have any sign', () => {
  const args = ['run', '--input', '{"a":1}', '--file', 'image=@a=b@c.png', '--file', '/input/x=@y']
  expect(parseCommand(args, env)).toMatchObject({
    kind: 'run',
    endpointId: 'e1',
    input: '{"a":1}',
    wait: true,
    files: [
      { place: 'image', path: 'a=b@c.png' },
      { place: '/input/x', path: 'y' },
    ],
  })
})

test('reads the session of a run', () => {
  expect(parseCommand(['run', '--session', 'run-42'], env)).toMatchObject({ session: 'run-42' })
  expect(() => parseCommand(['wait', 'job', '--session', 'run-42'], env)).toThrow('no option')
})

test('reads how long the files of a run are kept', () => {
  const retentionOf = (text: string) => parseCommand(['run', '--retention', text], env)
  expect(retentionOf('604800')).toMatchObject({ retention: 604_800 })
  expect(retentionOf('persistent')).toMatchObject({ retention: 'persistent' })
  for (const text of ['soon', '0', '-1', '1.5']) {
    expect(() => retentionOf(text)).toThrow(/--retention/)
  }
})

test('is set for the development stack where no gateway is named', () => {
  expect(parseCommand(['upload', 'x'], {})).toMatchObject({
    baseUrl: 'http://127.0.0.1:8787',
    endpointId: 'demo',
  })
})

test.each([['--help'], ['-h'], ['help'], ['upload', '-h'], ['run', '--help', '--wrong']])(
  'shows its help at %s',
  (...args) => expect(parseCommand(args, {})).toEqual({ kind: 'help' }),
)

test.each([
  [[], /upload, run or wait/],
  [['uplaod', 'x'], /did you mean upload\?/],
  [['upload'], /which file/],
  [['upload', 'x', '--concurency', '3'], /did you mean --concurrency\?/],
  [['upload', 'x', '--input', '{}'], /upload has no option --input/],
  [['upload', 'x', 'y', '--filename', 'z'], /one file alone/],
  [['upload', 'x', '--concurrency', '0'], /from 1 to 64/],
  [['upload', 'x', '--endpoint'], /endpoint/],
  [['run', 'photo.png'], /--file PLACE=@photo\.png/],
  [['run', '--file', 'photo.png'], /PLACE=@FILE/],
  [['run', '--file', 'image=photo.png'], /PLACE=@FILE/],
  [['wait'], /which job/],
  [['wait', 'a', 'b'], /which job/],
  [['upload', 'x', '--base-url', 'gateway.test'], /https:\/\//],
  [['upload', 'x', '--base-url', 'ftp://gateway.test'], /https:\/\//],
])('refuses %j', (args, message) => {
  expect(() => parseCommand(args, env)).toThrow(message)
})

test('asks for key and endpoint where a gateway is named', () => {
  const { BULKWAY_API_KEY, ...keyless } = env
  expect(() => parseCommand(['upload', 'x'], keyless)).toThrow(/BULKWAY_API_KEY/)
  const { BULKWAY_ENDPOINT, ...homeless } = env
  expect(() => parseCommand(['upload', 'x'], homeless)).toThrow(/--endpoint/)
})

test.each(['--api-key=s3cret', '--key=s3cret', '--token=s3cret', '--apikey=s3cret'])(
  'takes no key as an option, and does not repeat it: %s',
  (option) => {
    const error = (() => {
      try {
        return parseCommand(['upload', 'x', option], env)
      } catch (one) {
        return one
      }
    })()
    expect(`${error}`).toMatch(/BULKWAY_API_KEY/)
    expect(`${error}`).not.toContain('s3cret')
  },
)
