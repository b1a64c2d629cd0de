import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sizeOf } from '../../dev/scene/terminal.ts'
import type { Play } from '../local/report.ts'
import { startScene } from '../local/scene.ts'
import { developAll, drawBatch } from './client.ts'

const execute = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const endpointId = 'photographs'
const count = 200
const workers = 3
/** Bytes that may pass the platform for one photograph: its request, and questions after it. */
const platformBytesAtMost = 16_384

/** Two hundred photographs through S3, on a development stack of its own. */
export const play: Play = async (size, say) => {
  const width = size === 'full' ? 2_400 : 360
  const scene = await startScene({ config: new URL('bulkway.jsonc', import.meta.url) })
  try {
    const folder = join(scene.directory, 'photographs')
    say(`making ${count} photographs, ${width} pixels wide`)
    const made = [here('make_photographs.py'), folder, '--count', `${count}`, '--width', `${width}`]
    await execute(scene.python, made)
    for (let at = 1; at <= workers; at++) {
      await scene.startWorker({
        endpointId,
        script: here('worker/handler.py'),
        name: `worker-${at}`,
      })
    }
    let done = 0
    const out = join(scene.directory, 'developed')
    const result = await developAll({
      baseUrl: scene.stack.gatewayUrl,
      apiKey: 'rpa_example',
      endpointId,
      folder,
      out,
      onDone() {
        done += 1
        if (done % 40 === 0) say(`${done} of ${count}`)
      },
    })
    const developed = (await readdir(out)).filter((name) => name.startsWith('photograph-'))
    const sheet = await readFile(result.sheet)
    const { gateway, workers: taken } = scene.platformBytes()
    // What the platform was sent for photographs; the last job is the sheet's.
    const requests = scene.stack.platform.submitted(endpointId).slice(0, -1)
    const longest = Math.max(...requests.map(({ received }) => received.length))
    const files = result.uploaded + result.downloaded
    return {
      facts: [
        {
          good: developed.length === count,
          name: 'developed',
          value: `${developed.length} of ${count} in ${result.seconds.toFixed(1)} s`,
        },
        {
          good: result.workers.length === workers,
          name: 'workers',
          value: result.workers.join(', '),
        },
        {
          good: longest < 2_048,
          name: 'longest request of one',
          value: sizeOf(longest),
        },
        {
          good: gateway + taken < platformBytesAtMost * count && gateway + taken < files / 2,
          name: 'through the platform API',
          value: `${sizeOf(gateway)} from and to the gateway, ${sizeOf(taken)} from and to workers`,
        },
        { good: files > 0, name: 'past it', value: `${sizeOf(files)} of photographs` },
        {
          good: sheet.readUInt16BE(0) === 0xffd8,
          name: 'contact sheet',
          value: `a JPEG of ${sizeOf(sheet.length)}`,
        },
      ],
      pictures: { 'timeline.svg': drawBatch(result), 'contact-sheet.jpg': sheet },
    }
  } finally {
    await scene.stop()
  }
}
