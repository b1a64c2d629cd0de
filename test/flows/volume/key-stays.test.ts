import { expect, test } from 'vitest'
import { ConfigError, type ConfigFault } from '../../../src/config/config-error.ts'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { startUpload } from '../../../src/flows/uploads/start-upload.ts'
import type { Reply } from '../../../src/platform.ts'
import { outputPrefix } from '../../../src/store/keys.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'
import { lastRun, leaksOf, openVolume, type VolumeBed } from './volume-bed.ts'

const image = Buffer.alloc(75_000, 'x').toString('base64')
const choices = {
  access: ['job-bucket', 'volume', 'sts', 'web-identity', 'r2', 'b2', 'none'],
  as: [undefined, 'key', 's3-uri', 'url', 'original', 'path'],
  files: ['stream', 'redirect'],
  s3Config: [undefined, 'always', 'never'],
  outputs: [undefined, 'inline'],
}

/** Every combination of the settings that say what leaves the gateway. */
function* everything(): Generator<Record<string, unknown>> {
  const s3ConfigFields = { sessionToken: 'token', region: 'region', keyPrefix: 'prefix' }
  for (const access of choices.access)
    for (const as of choices.as)
      for (const files of choices.files)
        for (const s3Config of choices.s3Config)
          for (const outputs of choices.outputs)
            yield { access, as, files, s3Config, outputs, linkOutputKeys: true, s3ConfigFields }
}

/** The gateway, or what is wrong with such a configuration. */
function open(endpoint: Record<string, unknown>): VolumeBed | readonly ConfigFault[] {
  const given = Object.entries(endpoint).filter(([, value]) => value !== undefined)
  try {
    return openVolume({ as: 'url', ...Object.fromEntries(given) }, { uploads: { signedParts: 1 } })
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

/** Settings that would give the account's key away, or a URL that is signed by it. */
function givingAway({ access, files }: Record<string, unknown>): string[] {
  return [
    ...(['sts', 'web-identity', 'r2', 'b2'].includes(`${access}`) ? ['access'] : []),
    ...(files === 'redirect' ? ['files'] : []),
  ]
}

/** All that leaves the gateway while one job is run. */
async function told(bed: VolumeBed): Promise<string[]> {
  const { deps, gateway, volume } = bed
  const texts: string[] = []
  const hear = async (reply: Reply) => {
    texts.push(JSON.stringify([...reply.headers]))
    texts.push(reply.body === undefined ? '' : await readReply(reply))
  }
  const call = () => callOf('demo', JSON.stringify({ input: { image } }))
  await hear(await submitJob(deps, { ...call(), headers: withPlan(call().headers) }, 'run'))
  await hear(await submitJob(deps, call(), 'run'))
  await hear(await startUpload(deps, callOf('demo', '{"size":5,"filename":"a"}')))
  const grant = await deps.grants.find('demo', 'job-1')
  if (grant === undefined) return texts
  const key = `${outputPrefix(grant)}a.png`
  await volume.put(key, new TextEncoder().encode('x'))
  const output = [`/runpod-volume/bulkway/${key}`, 'a.png', 's3://job_files/a.png']
  gateway.upstream = () => answer(200, JSON.stringify({ id: 'job-1', output, echo: lastRun(bed) }))
  await hear(await readJob(deps, { ...callOf('demo'), method: 'GET' }, 'status', 'job-1'))
  for (const [, sealed = ''] of texts.join().matchAll(/example\/files\/([\w-]+)\//g)) {
    await hear(await readFile(deps, 'GET', sealed, new Headers()))
  }
  return texts
}

function withPlan(headers: Headers): Headers {
  const more = new Headers(headers)
  more.set('prefer', 'return=plan')
  return more
}

test('A volume’s key is in nothing that leaves, whatever else the configuration says', async () => {
  let taken = 0
  for (const endpoint of everything()) {
    const bed = open(endpoint)
    const given = givingAway(endpoint)
    if (!('deps' in bed)) {
      const pointers = bed.map(({ pointer }) => pointer)
      const wanted = given.map((field) => `/endpoints/demo/${field}`)
      expect(pointers, JSON.stringify(endpoint)).toEqual(expect.arrayContaining(wanted))
      continue
    }
    expect({ endpoint, given }).toEqual({ endpoint, given: [] })
    taken++
    let presigned = 0
    bed.volume.presignGet = bed.volume.presignPart = async () => {
      presigned++
      throw new TypeError('presigned')
    }
    const texts = await told(bed)
    for (const { url, headers, body } of bed.gateway.sent) {
      texts.push(url, JSON.stringify([...headers]), Buffer.from(body ?? []).toString())
    }
    texts.push(JSON.stringify(bed.gateway.logged))
    const leaks = leaksOf(bed, texts)
    expect({ endpoint, leaks, presigned }).toEqual({ endpoint, leaks: [], presigned: 0 })
    if (endpoint['access'] === 'volume') {
      expect(lastRun(bed)['s3Config'], JSON.stringify(endpoint)).toBeUndefined()
    }
  }
  // Most combinations are faults; those that are not were looked at.
  expect(taken).toBeGreaterThan(15)
})
