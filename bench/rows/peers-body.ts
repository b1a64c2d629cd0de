import type { Contest, Round } from '../contest.ts'
import { cpuPerMegabyte, rate } from '../contest.ts'
import { scaled } from '../load/scale.ts'
import { leastBytes, openPeerScene, takePeerTurn, tryPeerTurn } from '../peers/scene.ts'

const goals: Contest['goals'] = ['naive', 'stream-json', 'streamparser'].flatMap((peer) => [
  {
    figure: `rate × ${peer}`,
    unit: '×',
    of: (round: Round) => rate(round['gateway']) / rate(round[peer]),
  },
  {
    figure: `CPU × ${peer}`,
    unit: '×',
    of: (round: Round) => cpuPerMegabyte(round['gateway']) / cpuPerMegabyte(round[peer]),
  },
])

/** The sizes of the chart, in MiB. */
export const contests: readonly Contest[] = [16, 64, 128, 256, 512, 1024].map((size) => ({
  id: `peers-body-${size}`,
  title: `${size} MiB in one base64 string`,
  about: `A JSON body of ${size} MiB, its payload staged in an S3 store over loopback, the rest sent on.`,
  goals,
  async open() {
    const scene = await openPeerScene()
    const textBytes = Math.max(scaled(size), leastBytes)
    const gateway = await scene.start('bench/subjects/gateway.ts')
    const naive = await scene.start('bench/peers/naive.ts')
    const streamJson = await scene.start('bench/peers/stream-json.ts')
    const streamparser = await scene.start('bench/peers/streamparser.ts')
    return {
      turns: {
        gateway: () => takePeerTurn(scene, gateway, textBytes),
        naive: () => tryPeerTurn(scene, naive, textBytes),
        'stream-json': () => tryPeerTurn(scene, streamJson, textBytes),
        streamparser: () => tryPeerTurn(scene, streamparser, textBytes),
      },
      close: scene.close,
    }
  },
}))
