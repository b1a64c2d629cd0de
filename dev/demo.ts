import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import runpodSdk from 'runpod-sdk'
import { freePorts } from './child.ts'
import type { Job } from './platform/job.ts'
import { download, makeFile, memberOf, secretsIn } from './scene/facts.ts'
import { startRelay } from './scene/relay.ts'
import { bold, createProgress, dim, say, sayChecked, sizeOf } from './scene/terminal.ts'
import { type DevStack, startStack } from './stack.ts'
import { secretsOf } from './worker/leak.ts'

const help = `The main job, on a stack of its own: RunPod's own client sends a large file as base64 in
one request; a worker that knows only the four fields of s3Config reads it and writes an output.

Usage: npm run demo

Environment:
  BYTES=200000000   size of the file, from 8 MB (less needs no gateway) to 390 MB
  RUNTIME=node      or workers

Example: BYTES=20000000 npm run demo
`

const runTimeoutMs = 1_800_000
const outputBytes = 5_000_000

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(help)
  process.exit(0)
}
const bytes = Number(process.env['BYTES'] ?? 200_000_000)
// Less than this is no large request: the platform takes it as it is, and so does the gateway. And
// V8 holds no longer string than half a gigabyte, and the client sends one.
if (!Number.isInteger(bytes) || bytes < 8_000_000 || bytes > 390_000_000) {
  process.stderr.write('BYTES must be a number from 8000000 to 390000000\n')
  process.exit(2)
}
const runtime = process.env['RUNTIME'] === 'workers' ? 'workers' : 'node'

const directory = await mkdtemp(join(tmpdir(), 'bulkway-demo-'))
let stack: DevStack | undefined
let failed = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave(130))

try {
  say(dim('Starting gateway, platform emulator, store and sample worker …'))
  stack = await startStack({ runtime, port: await freePorts(3), directory })
  await play(stack)
} catch (error) {
  failed = true
  say(`\n${error instanceof Error ? error.message : error}`)
}
await leave(failed ? 1 : 0)

async function leave(code: number): Promise<never> {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
  process.exit(code)
}

async function play({ gatewayUrl, platform }: DevStack): Promise<void> {
  const file = makeFile(bytes)
  const progress = createProgress('staging', file.base64.length)
  const relay = await startRelay(Number(new URL(gatewayUrl).port), progress.add)
  const endpoint = runpodSdk('rpa_demo', { baseUrl: `${relay.url}/v2` }).endpoint('demo')
  if (endpoint === null) throw new Error('The client made no endpoint')

  say(bold('\nThe client sends'))
  sayChecked(true, 'runpod-sdk, unchanged', 'run(request, timeout), one POST /v2/demo/run')
  sayChecked(true, 'input.file', `${sizeOf(bytes)} as ${sizeOf(file.base64.length)} of base64`)
  const started = Date.now()
  const input = { task: 'scene', file: file.base64, note: 'not touched', bytes: outputBytes }
  const { id } = await endpoint.run({ input }, runTimeoutMs)
  progress.end()
  const seconds = (Date.now() - started) / 1_000
  if (typeof id !== 'string') throw new Error('The gateway did not take the job')
  sayChecked(true, 'accepted', `${id} after ${seconds.toFixed(1)} s`)

  let answer = await endpoint.status(id)
  while (['IN_QUEUE', 'IN_PROGRESS'].includes(answer.status)) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    answer = await endpoint.status(id)
  }
  relay.stop()
  const job = platform.submitted('demo').find((one) => one.id === id)
  if (job === undefined) throw new Error('The platform has no such job')
  showWorker(job, answer, file.sha256)
  await showAnswer(job, answer)
  say(failed ? '\nSomething is wrong: see ✗ above' : '\nAll of it is true.')
}

function showWorker(job: Job, answer: unknown, sha256: string): void {
  say(bold('\nThe worker saw'))
  check(job.received.length < 20_000, 'request', sizeOf(job.received.length))
  const path = memberOf(job.input, 'file')
  check(typeof path === 'string' && path.startsWith('in/'), 'input.file', `${path}`.slice(0, 60))
  check(memberOf(job.input, 'note') === 'not touched', 'input.note', 'not touched')
  for (const name of ['endpointUrl', 'bucketName', 'accessId', 'accessSecret']) {
    const value = memberOf(job.s3Config, name)
    const text = name === 'accessSecret' ? `${`${value}`.slice(0, 4)}…` : `${value}`
    check(typeof value === 'string', `s3Config.${name}`, text)
  }
  const count = Object.keys(Object(job.s3Config)).length
  check(count === 4, 'other fields', `${count - 4}`)
  const read = memberOf(answer, 'output', 'files', 0, 'bytes')
  check(read === bytes, 'read', sizeOf(Number(read ?? 0)))
  const seen = memberOf(answer, 'output', 'files', 0, 'sha256')
  check(
    seen === sha256,
    'SHA-256',
    seen === sha256 ? `${seen.slice(0, 16)}…, the client's` : `${seen}`,
  )
}

async function showAnswer(job: Job, answer: unknown): Promise<void> {
  say(bold('\nThe client gets'))
  const text = JSON.stringify(answer)
  const error = memberOf(answer, 'error')
  const status = memberOf(answer, 'status')
  check(status === 'COMPLETED', 'status', `${status} ${typeof error === 'string' ? error : ''}`)
  check(
    memberOf(answer, 'output', 'job', 'id') === job.id,
    'the whole job dict',
    'as the worker sent it',
  )
  check(!text.includes('s3Config'), 's3Config', 'gone')
  const left = secretsIn(text, secretsOf({ s3Config: job.s3Config, webhook: job.webhook }))
  check(left.length === 0, 'secrets', left.length === 0 ? 'none, in any form' : left.join(', '))
  const written = memberOf(answer, 'output', 'written')
  const link = `${memberOf(written, 'url')}`
  check(link.includes('/files/'), 'output link', link.length > 72 ? `${link.slice(0, 71)}…` : link)
  const found = await download(link)
  const same = found.sha256 === memberOf(written, 'sha256')
  check(
    same && found.bytes === outputBytes,
    'downloads',
    `${sizeOf(found.bytes)}, SHA-256 ${same ? "the worker's" : 'differs'}`,
  )
}

function check(good: boolean, name: string, value: string): void {
  failed ||= !good
  sayChecked(good, name, value)
}
