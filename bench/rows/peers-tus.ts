import type { Contest, Turn } from '../contest.ts'
import { cpuPerMegabyte, rate } from '../contest.ts'
import { measure } from '../load/measure.ts'
import { scaled } from '../load/scale.ts'
import { leastBytes, openPeerScene, type PeerScene, takePeerTurn } from '../peers/scene.ts'
import { residentBytes } from '../process.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch } from '../subjects/launch.ts'

/** The gateway's bytes are base64, four on the wire for three of payload. */
const perPayload = 4 / 3

export const contest: Contest = {
  id: 'peers-tus',
  title: 'Staging 384 MiB of payload: tus',
  about:
    'tus takes the payload as raw bytes by a client of its own, the gateway as base64 in a JSON request (512 MiB on the wire); both store it over loopback. Rates of the table are on the wire, ratios are of payload.',
  goals: [
    {
      figure: 'payload rate × tus',
      unit: '×',
      of: ({ gateway, tus }) => rate(gateway) / perPayload / rate(tus),
    },
    {
      figure: 'CPU of payload × tus',
      unit: '×',
      of: ({ gateway, tus }) => (cpuPerMegabyte(gateway) * perPayload) / cpuPerMegabyte(tus),
    },
  ],
  async open() {
    const scene = await openPeerScene()
    const textBytes = Math.max(scaled(512), leastBytes)
    const gateway = await scene.start('bench/subjects/gateway.ts')
    const tus = await launch('bench/peers/tus.ts', { STORE: scene.store.url })
    const client = await launch('bench/peers/tus-client.ts')
    scene.owns(tus)
    scene.owns(client)
    const idleBytes = residentBytes(tus.pid).now
    return {
      turns: {
        gateway: () => takePeerTurn(scene, gateway, textBytes),
        tus: async () => ({
          ...(await takeTusTurn(scene, tus, client, (textBytes / 4) * 3)),
          idleBytes,
        }),
      },
      close: scene.close,
    }
  },
}

async function takeTusTurn(
  { store }: PeerScene,
  tus: Launched,
  client: Launched,
  bytes: number,
): Promise<Turn> {
  const url = `${tus.url}/files`
  const lesser = Math.floor(bytes / 4)
  await store.ask('take')
  await store.ask('verify', { on: true })
  await client.ask('upload', { url, bytes: lesser })
  await store.ask('verify', { on: false })
  const { hashes } = await store.ask<Arrivals>('take')
  if (!hashes.includes(await client.ask('hash', { bytes: lesser }))) {
    throw new Error(`tus: ${hashes.length} payloads arrived, none as it was sent`)
  }
  const [seconds, used] = await measure(tus, () => client.ask<number>('upload', { url, bytes }))
  const arrived = (await store.ask<Arrivals>('take')).bytes
  if (arrived !== bytes) throw new Error(`tus: ${arrived} bytes arrived of ${bytes}`)
  return { seconds, bytes, ...used }
}
