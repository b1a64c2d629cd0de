import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from '../../dev/gateway.ts'
import { sizeOf } from '../../dev/scene/terminal.ts'
import { leash } from '../local/leash.ts'
import type { Play } from '../local/report.ts'
import { type Scene, startScene } from '../local/scene.ts'
import { type Described, describeWorkers } from './client.ts'
import { drawColdStarts, tableOf } from './picture.ts'

const execute = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const name = 'models/weights.safetensors'
const concurrency = 2
/** Three workers of two endpoints. */
const wanted = ['chat', 'chat', 'draw'] as const
const apiKey = 'rpa_example'

/** Weights that are pushed once to a network volume and loaded by three workers, on a stack of its own. */
export const play: Play = async (size, say) => {
  const [bytes, partBytes] = size === 'full' ? [5_000_000_000, 16_777_216] : [64_000_000, 5_242_880]
  const scene = await startScene({
    config: new URL('bulkway.jsonc', import.meta.url),
    change: (document) => ({ ...document, uploads: { ...Object(document['uploads']), partBytes } }),
    stack: { volume: { behind: undefined } },
  })
  try {
    const file = join(scene.directory, 'weights.safetensors')
    say(`making ${sizeOf(bytes)} of weights`)
    const making = execute(scene.python, [here('make_weights.py'), file, '--bytes', `${bytes}`])
    leash(making.child)
    await making
    const sha256 = await digestOf(file)

    const parts = Math.ceil(bytes / partBytes)
    const landed = () =>
      (scene.stack.volume?.server().log ?? []).filter(
        ({ operation, status }) => operation === 'UploadPart' && status === 200,
      ).length
    say('bulkway upload, which is killed in the middle')
    const first = startUpload(scene, file)
    while (landed() < parts * 0.4 && first.exitCode === null) await pause(5)
    await end(first)
    const before = landed()
    say('and once more')
    const began = Date.now()
    const second = startUpload(scene, file)
    let ref = ''
    second.stdout?.on('data', (piece) => {
      ref += piece
    })
    if (second.exitCode === null) await once(second, 'exit')
    const seconds = (Date.now() - began) / 1_000
    const sent = landed()
    const mount = scene.stack.volume?.mountPath ?? ''
    const path = join(mount, name)
    const found = await stat(path).catch(() => undefined)
    const kept = found === undefined ? '' : await digestOf(path)

    const hub = await serveFile(file)
    let staged: Described[]
    let fetched: Described[]
    let servedBefore: number
    try {
      say('three workers load them from the volume')
      staged = await startThree(scene, { MODEL_PATH: path }, 1)
      servedBefore = hub.served()
      say('three workers download them')
      fetched = await startThree(scene, { MODEL_URL: hub.url }, 4)
    } finally {
      hub.close()
    }
    const throughGateway = scene.platformBytes()

    const starts = [...staged, ...fetched]
    const everywhere = await readdir(mount, { recursive: true })
    return {
      facts: [
        {
          good: before > 0 && before < parts && second.exitCode === 0,
          name: 'bulkway upload, killed',
          value: `after ${before} of ${parts} parts`,
        },
        {
          good: sent >= parts && sent <= parts + 2 * concurrency,
          name: 'goes on',
          value: `with ${sent - before} parts, in ${seconds.toFixed(1)} s`,
        },
        {
          good: ref.startsWith('bulkway:') && found?.size === bytes && kept === sha256,
          name: name,
          value: `${sizeOf(found?.size ?? 0)}, SHA-256 ${kept.slice(0, 16)}…, the file's own`,
        },
        {
          good: everywhere.filter((one) => one.endsWith('.safetensors')).length === 1,
          name: 'on the volume',
          value: 'once',
        },
        {
          good: staged.every((one) => one.staged && one.path === path && one.sha256 === sha256),
          name: 'loaded from the volume',
          value: staged.map(({ worker, endpointId }) => `${worker} of ${endpointId}`).join(', '),
        },
        {
          good:
            servedBefore === 0 &&
            throughGateway.workers < 1_000_000 &&
            staged.every((one) => one.seconds.download < 0.1),
          name: 'downloaded by these',
          value: `${sizeOf(servedBefore)}; ${sizeOf(throughGateway.workers)} of jobs and answers`,
        },
        {
          good: fetched.every((one) => one.sha256 === sha256) && hub.served() === 3 * bytes,
          name: 'downloaded by the others',
          value: `${sizeOf(hub.served())}, every time three workers start`,
        },
        {
          good: isSooner(staged, fetched, size),
          name: 'ready after',
          value: `${shown(staged)} and ${shown(fetched)} s`,
        },
      ],
      table: tableOf(starts),
      pictures: { 'cold-starts.svg': drawColdStarts(starts) },
    }
  } finally {
    await scene.stop()
  }
}

/** One after the other, for they share two cores here. */
async function startThree(
  scene: Scene,
  env: Readonly<Record<string, string>>,
  first: number,
): Promise<Described[]> {
  const found: Described[] = []
  for (const [at, endpointId] of wanted.entries()) {
    const worker = await scene.startWorker({
      ...{ endpointId, env, name: `worker-${at + first}` },
      script: here('worker/handler.py'),
    })
    const baseUrl = scene.stack.gatewayUrl
    const asked = { baseUrl, apiKey, endpointId, jobs: 1, digest: true }
    found.push(...(await describeWorkers(asked)))
    await worker.kill()
  }
  return found
}

/** The command as a person gives it. */
function startUpload(scene: Scene, file: string): ChildProcess {
  const words = ['upload', file, '--endpoint', 'chat', '--persist', name, '--sha256']
  const args = [join(root, 'bin/bulkway.js'), ...words, '--concurrency', `${concurrency}`]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      BULKWAY_URL: scene.stack.gatewayUrl,
      BULKWAY_API_KEY: apiKey,
      XDG_STATE_HOME: scene.directory,
    },
  })
  leash(child)
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 4_194_304 }), hash)
  return hash.digest('hex')
}

/** Stands for where weights are downloaded from; as fast as loopback is. */
async function serveFile(
  path: string,
): Promise<{ readonly url: string; served(): number; close(): void }> {
  const { size } = await stat(path)
  let served = 0
  const server = createServer((_, response) => {
    response.setHeader('content-length', size)
    createReadStream(path, { highWaterMark: 1_048_576 })
      .on('data', (piece) => {
        served += piece.length
      })
      .on('error', () => response.destroy())
      .pipe(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const url = `http://127.0.0.1:${port}/weights.safetensors`
  return { url, served: () => served, close: () => server.close() }
}

const readyOf = ({ seconds }: Described) => seconds.import + seconds.download + seconds.load
const shown = (starts: readonly Described[]) =>
  starts.map((one) => readyOf(one).toFixed(1)).join(', ')

/** With little weights Python's own start is nearly all, and differs by more than the download takes. */
function isSooner(
  staged: readonly Described[],
  fetched: readonly Described[],
  size: 'full' | 'small',
): boolean {
  const measure = size === 'full' ? readyOf : (one: Described) => one.seconds.download
  const middle = (starts: readonly Described[]) => starts.map(measure).sort((a, b) => a - b)[1] ?? 0
  return middle(staged) < middle(fetched)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
