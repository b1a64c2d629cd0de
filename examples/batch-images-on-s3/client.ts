/**
 * Sends a folder of photographs through a serverless endpoint: each goes to the store by presigned
 * URLs, then one small request names it. Results come from the store, too.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
// In a project of your own: 'bulkway/client/node'.
import { type Client, createClient, type Job, openFile } from '../../src/client-node/client.ts'
import { drawTimeline, type Row } from '../chart/timeline.ts'

const help = `Develops a folder of photographs on a serverless endpoint.

Usage: BULKWAY_URL=… BULKWAY_API_KEY=… BULKWAY_ENDPOINT=… \\
       node examples/batch-images-on-s3/client.ts FOLDER [--out FOLDER] [--jobs N]

  --out FOLDER   where the results go (developed/)
  --jobs N       photographs under way at a time (24)
`

/** What is to be done, and where. */
export interface Batch {
  /** The gateway. */
  readonly baseUrl: string
  readonly apiKey: string
  readonly endpointId: string
  /** Folder of `.jpg` files. */
  readonly folder: string
  readonly out: string
  /** Photographs under way at a time; default 24. */
  readonly jobs?: number
  readonly onDone?: (name: string) => void
}

/** What has come of it. */
export interface BatchResult {
  readonly rows: readonly Row[]
  readonly seconds: number
  /** Bytes of photographs that went to the store, and of results that came from it. */
  readonly uploaded: number
  readonly downloaded: number
  /** Bytes of requests to the gateway and of its answers, downloads apart. */
  readonly spoken: number
  readonly workers: readonly string[]
  /** Path of the contact sheet. */
  readonly sheet: string
}

interface Developed {
  readonly photograph: string
  readonly thumbnail: string
  readonly worker: string
}

/** Develops all photographs of a folder, and lays their thumbnails out on one sheet. */
export async function developAll(batch: Batch): Promise<BatchResult> {
  const { endpointId, folder, out, jobs = 24 } = batch
  const meter = countSpoken()
  const client = createClient({ ...batch, fetch: meter.fetch })
  await mkdir(out, { recursive: true })
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jpg')).sort()
  const start = performance.now()
  const now = () => (performance.now() - start) / 1_000
  let uploaded = 0
  let downloaded = 0
  const rows = new Array<Row>(names.length)
  const found = new Array<Developed>(names.length)

  async function develop(at: number, file: string): Promise<void> {
    const name = basename(file, '.jpg')
    const begun = now()
    const { ref, size } = await client.upload(endpointId, await openFile(join(folder, file)))
    uploaded += size
    const stored = now()
    const { id } = await client.run(endpointId, {
      input: { task: 'develop', name, photograph: ref },
    })
    const answered = now()
    const job = await client.wait(endpointId, id, { pollMs: [400, 1_500] })
    const known = now()
    const output = outputOf<Developed>(job)
    // The platform's own figures, which count from when it had the request.
    const started = Math.min(known, answered + Number(job.delayTime ?? 0) / 1_000)
    const ended = Math.min(known, started + Number(job.executionTime ?? 0) / 1_000)
    downloaded += await download(output.photograph, join(out, file))
    found[at] = output
    rows[at] = {
      name,
      spans: [
        { kind: 'upload', from: begun, to: stored },
        { kind: 'queue', from: stored, to: started },
        { kind: 'run', from: started, to: ended },
        { kind: 'notice', from: ended, to: known },
        { kind: 'download', from: known, to: now() },
      ],
    }
    batch.onDone?.(name)
  }

  const queue = names.entries()
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (const [at, file] of queue) await develop(at, file)
    }),
  )
  const sheet = join(out, 'contact-sheet.jpg')
  const thumbnails = found.map(({ thumbnail }) => thumbnail)
  downloaded += await makeSheet(client, endpointId, thumbnails, sheet)
  const workers = [...new Set(found.map(({ worker }) => worker))].sort()
  const seconds = now()
  return { rows, seconds, uploaded, downloaded, spoken: meter.bytes(), workers, sheet }
}

async function makeSheet(
  client: Client,
  endpointId: string,
  thumbnails: readonly string[],
  path: string,
): Promise<number> {
  const columns = Math.ceil(Math.sqrt(thumbnails.length * 2))
  const input = { task: 'sheet', thumbnails, columns }
  const { id } = await client.run(endpointId, { input })
  const { sheet } = outputOf<{ sheet: string }>(await client.wait(endpointId, id))
  return await download(sheet, path)
}

function outputOf<Output>(job: Job): Output {
  if (job.status !== 'COMPLETED') {
    throw new Error(`Job ${job.id} is ${job.status}: ${JSON.stringify(job.error ?? '')}`)
  }
  return job.output as Output
}

async function download(link: string, path: string): Promise<number> {
  const answer = await fetch(link)
  if (!answer.ok || answer.body === null) throw new Error(`A link answers ${answer.status}`)
  await writeFile(path, answer.body)
  return (await stat(path)).size
}

/** Counts what is said to the gateway, and by it; parts of files go to the store by another way. */
function countSpoken(): { readonly fetch: typeof fetch; bytes(): number } {
  let bytes = 0
  return {
    async fetch(input, init) {
      const { body } = init ?? {}
      if (typeof body === 'string') bytes += Buffer.byteLength(body)
      const answer = await fetch(input, init)
      const text = Buffer.from(await answer.arrayBuffer())
      bytes += text.length
      const { status, statusText, headers } = answer
      const empty = status === 204 || status === 304
      return new Response(empty ? null : text, { status, statusText, headers })
    },
    bytes: () => bytes,
  }
}

/** The picture of a batch: one line for each photograph. */
export function drawBatch({ rows, seconds, uploaded, downloaded, spoken }: BatchResult): string {
  return drawTimeline({
    title: `${rows.length} photographs in ${seconds.toFixed(1)} s`,
    subtitle: `${megabytes(uploaded)} up and ${megabytes(downloaded)} down, past the API; requests and answers: ${megabytes(spoken)}`,
    kinds: {
      upload: { label: 'upload to the store', colour: '#2f81f7' },
      queue: { label: 'submit and queue', colour: '#c9d1d9' },
      run: { label: 'run', colour: '#2da44e' },
      notice: { label: 'until the client asks', colour: '#eac54f' },
      download: { label: 'download from the store', colour: '#a371f7' },
    },
    rows,
  })
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'developed' },
      jobs: { type: 'string', default: '24' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [folder] = positionals
  const {
    BULKWAY_URL: baseUrl,
    BULKWAY_API_KEY: apiKey,
    BULKWAY_ENDPOINT: endpointId,
  } = process.env
  if (values.help === true || folder === undefined || !baseUrl || !apiKey || !endpointId) {
    process.stderr.write(help)
    process.exit(values.help === true ? 0 : 2)
  }
  const result = await developAll({
    baseUrl,
    apiKey,
    endpointId,
    folder,
    out: values.out,
    jobs: Number(values.jobs),
    onDone: (name) => process.stdout.write(`${name}\n`),
  })
  await writeFile(join(values.out, 'timeline.svg'), drawBatch(result))
  process.stdout.write(`${result.sheet}, ${join(values.out, 'timeline.svg')}\n`)
}
