import type { Contest, Turn } from '../contest.ts'
import { cpuPerMegabyte, rate } from '../contest.ts'
import { scaled } from '../load/scale.ts'
import { hasNginx, startNginx } from '../peers/nginx.ts'
import { leastBytes, openPeerScene, takePeerTurn } from '../peers/scene.ts'

const missing: Turn = { seconds: Number.NaN, bytes: 0, failure: 'nginx is not installed' }

export const contest: Contest = {
  id: 'peers-nginx',
  title: 'Passing 512 MiB on: nginx',
  about:
    'nginx passes the body to the platform as it is, from a buffer file or as it comes; beside it the pass-through of node:http, and the gateway, which stages the payload over loopback instead.',
  goals: ['nginx, buffering', 'nginx, streaming', 'raw'].flatMap((peer) => [
    {
      figure: `rate × ${peer}`,
      unit: '×',
      of: (round) => rate(round['gateway']) / rate(round[peer]),
    },
    {
      figure: `CPU × ${peer}`,
      unit: '×',
      of: (round) => cpuPerMegabyte(round['gateway']) / cpuPerMegabyte(round[peer]),
    },
  ]),
  async open() {
    const scene = await openPeerScene()
    const { upstream } = scene
    const textBytes = Math.max(scaled(512), leastBytes)
    const gateway = await scene.start('bench/subjects/gateway.ts')
    const raw = { ...(await scene.start('bench/subjects/raw.ts')), sink: upstream }
    const start = async (buffering: 'on' | 'off') => {
      if (!hasNginx()) return async () => missing
      const nginx = await startNginx(upstream, buffering)
      scene.owns(nginx)
      return () => takePeerTurn(scene, { ...nginx, sink: upstream }, textBytes)
    }
    return {
      turns: {
        gateway: () => takePeerTurn(scene, gateway, textBytes),
        raw: () => takePeerTurn(scene, raw, textBytes),
        'nginx, buffering': await start('on'),
        'nginx, streaming': await start('off'),
      },
      close: scene.close,
    }
  },
}
