/** Asks each worker of some endpoints how it came to its weights, and shows it. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
// In a project of your own: 'bulkway/client/node'.
import { createClient, type Job } from '../../src/client-node/client.ts'
import { type ColdStart, drawColdStarts, tableOf } from './picture.ts'

const help = `Shows the cold starts of an endpoint's workers.

Usage: BULKWAY_URL=… BULKWAY_API_KEY=… \\
       node examples/large-model-on-a-volume/client.ts ENDPOINT... [--workers N] [--digest]

  --workers N   workers to hear of at each endpoint (1): so many jobs are sent at once
  --digest      let each read the file once more for its SHA-256
  --out FILE    draws the picture (cold-starts.svg)
`

/** What a worker answers. */
export interface Described extends ColdStart {
  readonly path: string
  readonly tensors: number
  readonly bytes: number
  readonly sha256?: string
}

/** Sends `jobs` jobs at once to an endpoint; the answers are of one worker or of several. */
export async function describeWorkers(options: {
  readonly baseUrl: string
  readonly apiKey: string
  readonly endpointId: string
  readonly jobs: number
  readonly digest?: boolean
}): Promise<Described[]> {
  const { endpointId, jobs, digest } = options
  const client = createClient(options)
  const task = digest === true ? 'digest' : 'describe'
  return await Promise.all(
    Array.from({ length: jobs }, async () => {
      const { id } = await client.run(endpointId, { input: { task } })
      const job = await client.wait(endpointId, id)
      return { ...outputOf(job), endpointId }
    }),
  )
}

function outputOf(job: Job): Described {
  if (job.status !== 'COMPLETED') {
    throw new Error(`Job ${job.id} is ${job.status}: ${JSON.stringify(job.error ?? '')}`)
  }
  return job.output as Described
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: 'string', default: '1' },
      digest: { type: 'boolean', default: false },
      out: { type: 'string', default: 'cold-starts.svg' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { BULKWAY_URL: baseUrl, BULKWAY_API_KEY: apiKey } = process.env
  if (values.help === true || positionals.length === 0 || !baseUrl || !apiKey) {
    process.stderr.write(help)
    process.exit(values.help === true ? 0 : 2)
  }
  const jobs = Number(values.workers)
  const found = await Promise.all(
    positionals.map((endpointId) =>
      describeWorkers({ baseUrl, apiKey, endpointId, jobs, digest: values.digest }),
    ),
  )
  // A worker that was quicker than the others has answered more than once.
  const byWorker = new Map(found.flat().map((one) => [one.worker, one]))
  const starts = [...byWorker.values()]
  process.stdout.write(tableOf(starts))
  for (const { worker, sha256 } of starts) {
    if (sha256 !== undefined) process.stdout.write(`${worker}: SHA-256 ${sha256}\n`)
  }
  await writeFile(values.out, drawColdStarts(starts))
}
