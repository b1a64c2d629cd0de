import { randomBytes } from 'node:crypto'
import { utimesSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../../src/cli/run-command.ts'
import { type FakeGateway, startFakeGateway } from '../client/fakes/gateway.ts'

let directory: string
let gateway: FakeGateway
let path: string
const bytes = randomBytes(9_500)

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-cli-'))
  gateway = await startFakeGateway()
  path = join(directory, 'photo.png')
  await writeFile(path, bytes)
})
afterEach(async () => {
  await gateway.close()
  await rm(directory, { recursive: true, force: true })
})

/** Runs one command; what it said and ended with. */
async function bulkway(
  args: readonly string[],
  {
    signal = new AbortController().signal,
    isTTY = false,
    env = {},
    stdin = [],
  }: {
    signal?: AbortSignal
    isTTY?: boolean
    env?: Record<string, string>
    stdin?: readonly string[]
  } = {},
) {
  let stdout = ''
  let stderr = ''
  const code = await runCommand(args, {
    env: {
      BULKWAY_URL: gateway.url,
      BULKWAY_API_KEY: 'key-1',
      BULKWAY_ENDPOINT: 'demo',
      XDG_STATE_HOME: directory,
      ...env,
    },
    stdin: (async function* () {
      yield* stdin
    })(),
    stdout: {
      write: (text) => {
        stdout += text
      },
    },
    stderr: {
      isTTY,
      columns: 200,
      write: (text) => {
        stderr += text
      },
    },
    signal,
    retry: { baseMs: 10, giveUpMs: 500 },
  })
  const lines = stdout
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{"event"'))
  return { code, stdout, stderr, events: lines.map((line) => JSON.parse(line)) }
}
const isPart = (requestPath: string) => requestPath.startsWith('/store/')
const partOf = (requestPath: string) => Number(/\/(\d+)\?/.exec(requestPath)?.[1])

test('uploads a file and prints its ref alone', async () => {
  const { code, stdout, stderr } = await bulkway(['upload', path])

  expect(code).toBe(0)
  expect(stdout).toBe('bulkway:u1\n')
  expect(gateway.bytesOf('u1')).toEqual(bytes)
  expect(stderr).toMatch(/photo\.png {2}100 % {2}9\.5 kB of 9\.5 kB/)
  expect(stderr).not.toContain('\u001b')
})

test('prints one JSON object a line with --json, and nothing else', async () => {
  const { code, stdout, stderr } = await bulkway(['upload', path, path, '--json'])

  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'upload', file: path, ref: 'bulkway:u1', size: 9_500, reused: false },
    { event: 'upload', file: path, ref: 'bulkway:u2' },
  ])
  expect(stderr).toBe('')
})

test.each([
  [{}, true],
  [{ NO_COLOR: '1' }, false],
])('draws a bar on a terminal; in colour with %j: %s', async (env, colour) => {
  const { stderr } = await bulkway(['upload', path], { isTTY: true, env })

  expect(stderr).toContain('█'.repeat(24))
  expect(stderr.includes('\u001b[32m')).toBe(colour)
})

test('pauses at an interrupt, remembers it for its owner alone, and goes on', async () => {
  const pausing = new AbortController()
  gateway.fate = (_, requestPath) => {
    if (isPart(requestPath) && partOf(requestPath) === 6) pausing.abort()
    return undefined
  }
  const args = ['upload', path, '--concurrency', '1']
  const paused = await bulkway(args, { signal: pausing.signal })
  expect(paused).toMatchObject({ code: 130, stdout: '' })
  expect(paused.stderr).toMatch(/Paused/)
  const state = join(directory, 'bulkway', 'uploads')
  const [name = ''] = await readdir(state)
  expect((await stat(join(state, name))).mode & 0o777).toBe(0o600)
  expect((await stat(state)).mode & 0o777).toBe(0o700)
  expect(await readFile(join(state, name), 'utf8')).not.toContain('key-1')

  gateway.fate = () => undefined
  expect((await bulkway(args)).code).toBe(0)
  expect(gateway.uploads.size).toBe(1)
  expect(gateway.bytesOf('u1')).toEqual(bytes)
  const early = gateway.seen.filter((one) => isPart(one.path) && partOf(one.path) <= 5)
  expect(early).toHaveLength(5)
  expect(await readdir(state)).toEqual([])
})

test('leaves nothing behind at an interrupt with --no-resume', async () => {
  const pausing = new AbortController()
  gateway.fate = (_, requestPath) => {
    if (isPart(requestPath) && partOf(requestPath) === 6) pausing.abort()
    return undefined
  }
  const { code } = await bulkway(['upload', path, '--no-resume'], { signal: pausing.signal })

  expect(code).toBe(130)
  expect(gateway.uploads.size).toBe(0)
  expect(await readdir(directory)).toEqual(['photo.png'])
})

test('uploads where it cannot remember, says so once, and leaves nothing behind at an interrupt', async () => {
  const env = { XDG_STATE_HOME: path }
  const { code, stdout, stderr } = await bulkway(['upload', path], { env })
  expect([code, stdout]).toEqual([0, 'bulkway:u1\n'])
  expect(stderr.match(/Cannot remember this upload/g)).toHaveLength(1)

  const pausing = new AbortController()
  gateway.fate = (_, requestPath) => {
    if (isPart(requestPath) && partOf(requestPath) === 6) pausing.abort()
    return undefined
  }
  const paused = await bulkway(['upload', path], { env, signal: pausing.signal })
  expect(paused.code).toBe(130)
  expect(paused.stderr).not.toMatch(/Paused/)
  expect([...gateway.uploads.keys()]).toEqual(['u1'])
})

test('refuses a key that no header can hold, before anything is sent', async () => {
  const { code, stderr } = await bulkway(['upload', path], { env: { BULKWAY_API_KEY: '“key-1”' } })
  expect([code, gateway.seen]).toEqual([3, []])
  expect(stderr).toMatch(/The key holds a character that no key has/)
})

test('does not go on with a file that has changed', async () => {
  gateway.fate = (_, requestPath) => (isPart(requestPath) ? { status: 413 } : undefined)
  expect((await bulkway(['upload', path])).code).toBe(3)
  await utimes(path, 1, 1)
  gateway.fate = () => undefined

  expect((await bulkway(['upload', path])).stdout).toBe('bulkway:u2\n')
})

test('notices a file that changes while it is uploaded', async () => {
  gateway.fate = () => {
    utimesSync(path, 1, 1)
    return undefined
  }
  const { code, stderr } = await bulkway(['upload', path, '--concurrency', '1'])

  expect(code).toBe(5)
  expect(stderr).toMatch(/has changed/)
})

test('hashes first with --sha256, and sends nothing that is there already', async () => {
  await bulkway(['upload', path, '--sha256'])
  const { events } = await bulkway(['upload', path, '--sha256', '--json'])

  expect(events).toMatchObject([{ ref: 'bulkway:u1', reused: true }])
})

test('runs a job with files and prints its output', async () => {
  gateway.statuses = ['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']
  const args = ['run', '--input', '{"task":"digest"}', '--file', `image=@${path}`]
  const { code, stdout, stderr } = await bulkway(args)

  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ fine: true })
  expect(stderr).toMatch(/Job job-1\nIN_QUEUE\nIN_PROGRESS\n/)
  const sent = gateway.seen.find((one) => one.path === '/v2/demo/run')
  expect(JSON.parse(`${sent?.body}`)).toEqual({ input: { task: 'digest', image: 'bulkway:u1' } })
})

test('runs with --json, from an input that is piped in', async () => {
  const { events } = await bulkway(['run', '--input', '@-', '--file', `a=@${path}`, '--json'], {
    stdin: ['{"x":', '1}'],
  })

  expect(events.map(({ event }) => event)).toEqual(['upload', 'submitted', 'job'])
  expect(events.at(-1)).toMatchObject({ id: 'job-1', status: 'COMPLETED' })
})

test('prints the id of a job that it does not wait for, and waits for it later', async () => {
  expect(await bulkway(['run', '--no-wait'])).toMatchObject({ code: 0, stdout: 'job-1\n' })
  const { code, stdout } = await bulkway(['wait', 'job-1'])
  expect([code, JSON.parse(stdout)]).toEqual([0, { fine: true }])
})

test('ends with 1 where the job failed, and 130 with the way back where it is interrupted', async () => {
  gateway.statuses = ['FAILED']
  expect((await bulkway(['run'])).code).toBe(1)

  gateway.statuses = ['IN_QUEUE']
  const { code, stderr } = await bulkway(['run'], { signal: AbortSignal.timeout(200) })
  expect(code).toBe(130)
  expect(stderr).toMatch(/bulkway wait --endpoint demo job-1/)
})

test('ends with 2 where it does not understand, before anything is sent', async () => {
  expect((await bulkway(['upload'])).code).toBe(2)
  expect((await bulkway(['run', '--input', '{'])).code).toBe(2)
  expect((await bulkway(['run', '--input', '"text"', '--file', `a=@${path}`])).code).toBe(2)
  const { code, events } = await bulkway(['upload', '--json'])
  expect([code, events]).toMatchObject([2, [{ event: 'error', code: 'usage' }]])
  expect(gateway.seen).toEqual([])
})

test('ends with 3 where it is refused, and says the problem', async () => {
  const problem = { code: 'forbidden', detail: 'The key may not do this', requestId: 'req-7' }
  gateway.fate = () => ({ status: 403, body: JSON.stringify(problem) })
  const { code, stderr, events } = await bulkway(['upload', path, '--json'])

  expect(code).toBe(3)
  expect(events).toMatchObject([{ event: 'error', status: 403, ...problem }])
  expect(stderr).toBe('bulkway: The key may not do this (request req-7)\n')
})

test('ends with 4 where nobody answers', async () => {
  const env = { BULKWAY_URL: 'http://127.0.0.1:9' }
  const { code, stderr } = await bulkway(['upload', path], { env })

  expect(code).toBe(4)
  expect(stderr).toMatch(/trying again/)
})

test('ends with 5 where there is no file', async () => {
  const { code, stderr } = await bulkway(['upload', join(directory, 'none')])
  expect([code, stderr]).toEqual([5, expect.stringMatching(/there is no such file/)])
  expect((await bulkway(['upload', directory])).code).toBe(5)
})

test('prints help and version', async () => {
  expect((await bulkway(['--help'])).stdout).toMatch(/Examples:/)
  expect((await bulkway(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
