import { type Contest, cpuPerMegabyte, growth, rate } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { scaled } from '../load/scale.ts'
import { residentBytes } from '../process.ts'
import { launch, stopAll } from '../subjects/launch.ts'
import { authorization, gatewayEntry, startWorkersGateway } from '../workers/gateway.ts'
import { measure } from '../workers/measure.ts'
import { bundleWorker, type Workerd } from '../workers/workerd.ts'

const textBytes = scaled(512)
const warmUpBytes = 16 * 1_048_576
/** DEFAULTS.ConfigStaging.partBytes, in MB. */
const partMegabytes = 6.291456

export const contest: Contest = {
  id: 'workers-upload',
  title: 'Workers: upload of one base64 string, payload dropped',
  about:
    'A body of 512 MiB to the gateway on workerd, whose store drops the parts, against a Worker ' +
    'that reads the same body with one buffer of 512 KiB and drops it.',
  async open() {
    const upstream = await launch('bench/sinks/upstream.ts')
    const load = await startLoad()
    const gateway = await bundleWorker(gatewayEntry)
    const limits = await bundleWorker('bench/workers/isolate/limits.ts')
    const expected = await load.hash(textBytes)

    const upload = (process: Workerd, bytes = textBytes) =>
      load.upload({
        url: `${process.url}/v2/bench/run`,
        headers: { authorization },
        textBytes: bytes,
      })

    // A process of its own for each turn: what workerd collects late would add up from turn to turn.
    const turn = async (process: Workerd) => {
      const idleBytes = residentBytes(process.pid).now
      await upload(process, warmUpBytes)
      return await measure({ pid: process.pid, idleBytes }, async () => {
        const { seconds } = await upload(process)
        return { seconds, bytes: textBytes }
      })
    }

    return {
      turns: {
        async gateway() {
          const process = await startWorkersGateway(gateway, upstream.url)
          const result = await turn(process)
          await process.verify(true)
          await process.take()
          await upload(process)
          const { hashes } = await process.take()
          await process.stop()
          if (hashes.length !== 1 || hashes[0] !== expected) {
            throw new Error(`Other bytes arrived: ${hashes.join()}, not ${expected}`)
          }
          return result
        },
        async drain() {
          const process = await limits.start({ UPSTREAM: upstream.url })
          const result = await turn(process)
          await process.stop()
          return result
        },
      },
      async close() {
        await stopAll([upstream, load])
        await Promise.all([gateway.remove(), limits.remove()])
      },
    }
  },
  goals: [
    {
      figure: 'CPU over drain',
      unit: 'ms/MB',
      target: { atMost: 1 },
      of: ({ gateway, drain }) => cpuPerMegabyte(gateway) - cpuPerMegabyte(drain),
    },
    { figure: 'CPU', unit: 'ms/MB', of: ({ gateway }) => cpuPerMegabyte(gateway) },
    { figure: 'rate', unit: 'MB/s', of: ({ gateway }) => rate(gateway) },
    { figure: 'rate × drain', unit: '×', of: ({ gateway, drain }) => rate(gateway) / rate(drain) },
    {
      figure: 'peak over idle',
      unit: 'MB',
      target: { atMost: 4 * partMegabytes },
      of: ({ gateway }) => growth(gateway),
    },
    {
      figure: 'peak',
      unit: 'MB',
      target: { atMost: 110 },
      of: ({ gateway }) => (gateway?.peakBytes ?? Number.NaN) / 1e6,
    },
  ],
}
