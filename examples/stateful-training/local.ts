import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { leash } from '../local/leash.ts'
import type { Play } from '../local/report.ts'
import { type Scene, startScene } from '../local/scene.ts'
import { drawTraining, type Step, type TrainingJob } from './picture.ts'

const execute = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const endpointId = 'training'
const session = 'run-42'
const apiKey = 'rpa_example'

/** A training of four jobs on four workers, one of which is lost, on a stack of its own. */
export const play: Play = async (size, say) => {
  const [steps, every, patience] = size === 'full' ? [1_000, 100, 15] : [120, 20, 8]
  const scene = await startScene({
    config: new URL('bulkway.jsonc', import.meta.url),
    stack: { volume: {} },
  })
  const seen: Step[] = []
  const worker = (name: string, onStep: (step: Step) => void = () => {}) =>
    scene.startWorker({
      ...{ endpointId, name, script: here('worker/handler.py') },
      onLine(text) {
        const [, step, loss] = / step (\d+) loss ([\d.]+)$/.exec(text) ?? []
        if (step === undefined) return
        const one = { step: Number(step), loss: Number(loss), at: Date.now() / 1_000, worker: name }
        seen.push(one)
        onStep(one)
      },
    })
  const train = (seconds: number) => trainOnce(scene, { steps, every, seconds })

  try {
    say('job 1, on worker-1')
    const one = await worker('worker-1')
    const first = await train(120)
    await one.kill()

    say('job 2, on worker-2, which is killed in the middle')
    const strike = Promise.withResolvers<void>()
    const two = await worker('worker-2', ({ step }) => {
      // Most of a checkpoint is to be lost.
      if (step > 1.4 * steps + 0.7 * every) strike.resolve()
    })
    const losing = train(patience)
    await Promise.race([strike.promise, losing])
    const killedAt = Date.now() / 1_000
    await two.kill()

    say('jobs 3 and 4, at once')
    await worker('worker-3')
    await worker('worker-4')
    const others = await Promise.all([train(120), train(120)])
    const lost = await losing
    const [next, last] = others.sort((a, b) => a.known - b.known)
    if (next === undefined || last === undefined) throw new Error('There are two')

    const reached = Math.max(
      ...seen.filter((step) => step.worker === 'worker-2').map(({ step }) => step),
    )
    const kept = next.output?.from ?? 0
    const { stdout: alone } = await execute(scene.python, [
      here('worker/model.py'),
      `${last.output?.to}`,
    ])
    const left = await checkpointsOf(scene)
    const told = await callSession(scene, 'GET')
    const { files, isRunning } = (await told.json()) as { files?: number; isRunning?: boolean }
    const deleted = await callSession(scene, 'DELETE')
    const gone = await checkpointsOf(scene)
    const history = last.output?.history ?? []
    const jobs = [first, lost, next, last]
    return {
      facts: [
        {
          good: first.output?.to === steps,
          name: 'job 1',
          value: `${first.output?.worker}: steps ${first.output?.from} to ${first.output?.to}`,
        },
        {
          good: lost.status === 'TIMED_OUT',
          name: 'job 2',
          value: `worker-2 is killed at step ${reached}; the platform says ${lost.status}`,
        },
        {
          good: kept > steps && reached - kept <= every && reached >= kept,
          name: 'job 3 goes on',
          value: `${next.output?.worker}: from step ${kept}, ${reached - kept} steps are lost (a checkpoint is ${every})`,
        },
        {
          good: last.sent < next.known && last.answered >= next.ended - 0.5,
          name: 'job 4 waits for it',
          value: `${(last.answered - last.sent).toFixed(1)} s; both were sent within ${Math.abs(last.sent - next.sent).toFixed(1)} s`,
        },
        {
          good: last.output?.from === next.output?.to,
          name: 'and reads its checkpoint',
          value: `${last.output?.worker}: steps ${last.output?.from} to ${last.output?.to}`,
        },
        {
          good: new Set(history.map(([, , , name]) => name)).size >= 3,
          name: 'workers',
          value: [...new Set(history.map(([, , , name]) => name))].join(', '),
        },
        {
          good: alone.trim() === last.output?.weights,
          name: 'weights',
          value: 'to the bit those of a training that nobody interrupted',
        },
        {
          good: left.length === 2,
          name: 'on the volume',
          value: left.map((name) => name.replace(/^.*\//, '…/')).join(', '),
        },
        {
          good: files === 2 && isRunning === false && deleted.ok && gone.length === 0,
          name: 'GET, DELETE of the session',
          value: `${files} files and no job; none are left`,
        },
      ],
      pictures: {
        'training.svg': drawTraining({
          jobs,
          killedAt,
          kept,
          lost: seen.filter((step) => step.worker === 'worker-2' && step.step > kept),
        }),
      },
    }
  } finally {
    await scene.stop()
  }
}

/** Checkpoints that lie on the volume. */
async function checkpointsOf({ stack }: Scene): Promise<string[]> {
  const files = await readdir(stack.volume?.mountPath ?? '', { recursive: true })
  return files.filter((name) => name.includes('checkpoint-'))
}

function callSession({ stack }: Scene, method: string): Promise<Response> {
  const url = `${stack.gatewayUrl}/v2/${endpointId}/sessions/${session}`
  return fetch(url, { method, headers: { authorization: `Bearer ${apiKey}` } })
}

/** Runs `train.py` as a person would; a job that failed is an answer, too. */
async function trainOnce(
  { python, stack }: Scene,
  { steps, every, seconds }: { steps: number; every: number; seconds: number },
): Promise<TrainingJob> {
  const words = ['--session', session, '--steps', steps, '--every', every, '--seconds', seconds]
  const options = {
    env: {
      PATH: process.env['PATH'],
      BULKWAY_URL: stack.gatewayUrl,
      BULKWAY_ENDPOINT: endpointId,
      RUNPOD_API_KEY: apiKey,
    },
    maxBuffer: 100_000_000,
  }
  const args = [here('train.py'), ...words.map(String), '--json']
  const running = execute(python, args, options)
  leash(running.child)
  const { stdout, stderr } = await running.catch((error) => error)
  const found = stdout.trim().split('\n').at(-1) ?? ''
  if (!found.startsWith('{')) throw new Error(`train.py has no job: ${stderr}`)
  const { status, output, times, delayTime = 0, executionTime = 0 } = JSON.parse(found)
  const { sent, answered, known } = times
  const started = Math.min(known, answered + delayTime / 1_000)
  const ended = Math.min(known, started + executionTime / 1_000)
  return { status, output, sent, answered, started, ended, known }
}
