import { type Contest, cpuPerMegabyte, growth, type Round, rate, type Turn } from '../contest.ts'
import type { FormUpload } from '../load/form-client.ts'
import { measure } from '../load/measure.ts'
import { scaled } from '../load/scale.ts'
import { authorization } from '../load/upload-scene.ts'
import { openPeerScene, type Peer, type PeerScene, takePeerTurn } from '../peers/scene.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch } from '../subjects/launch.ts'

/** Of the file in the form and, as base64, in the JSON; a multiple of 3. */
const bytes = Math.ceil(scaled(512) / 3) * 3

const over = (name: 'json' | 'busboy', of: typeof rate) => (round: Round) =>
  of(round['form']) / of(round[name])

/** The same file in a form and in a JSON body, and in a form before the usual parser. */
export const contest: Contest = {
  id: 'upload-form',
  title: 'Form of 512 MiB on Node',
  about:
    'A multipart/form-data body with one file, staged by PUTs over loopback; the same bytes as base64 in a JSON body to another process of the gateway; and the form to a node:http server with busboy whose files `Upload` of @aws-sdk/lib-storage stores, in parts of the same size, spared its hashes. Rates and CPU are of the file’s bytes.',
  rounds: 7,
  peers: true,
  async open() {
    const scene = await openPeerScene()
    const client = await launch('bench/load/form-client.ts')
    scene.owns(client)
    const form = await scene.start('bench/subjects/gateway.ts')
    const json = await scene.start('bench/subjects/gateway.ts')
    const busboy = await scene.start('bench/peers/busboy.ts')
    return {
      turns: {
        form: () => takeFormTurn(scene, form, client),
        json: async () => {
          const turn = await takePeerTurn(scene, json, (bytes / 3) * 4)
          return { ...turn, bytes: (turn.bytes / 4) * 3 }
        },
        busboy: () => takeFormTurn(scene, busboy, client),
      },
      close: scene.close,
    }
  },
  goals: [
    { figure: 'rate × JSON', unit: '×', target: { atLeast: 1 }, of: over('json', rate) },
    { figure: 'rate × busboy', unit: '×', target: { atLeast: 1 }, of: over('busboy', rate) },
    { figure: 'CPU × JSON', unit: '×', of: over('json', cpuPerMegabyte) },
    { figure: 'CPU × busboy', unit: '×', of: over('busboy', cpuPerMegabyte) },
    { figure: 'rate', unit: 'MB/s', of: ({ form }) => rate(form) },
    { figure: 'peak over idle', unit: 'MB', of: ({ form }) => growth(form) },
  ],
}

async function takeFormTurn({ store }: PeerScene, peer: Peer, client: Launched): Promise<Turn> {
  const send = (size: number) => {
    const facts: FormUpload = { url: peer.runUrl, headers: { authorization }, bytes: size }
    return client.ask<number>('upload', facts)
  }
  const lesser = Math.floor(bytes / 8)
  await store.ask('take')
  await store.ask('verify', { on: true })
  await send(lesser)
  await store.ask('verify', { on: false })
  const { hashes } = await store.ask<Arrivals>('take')
  if (!hashes.includes(await client.ask('hash', { bytes: lesser }))) {
    throw new Error(`${hashes.length} files arrived, none as it was sent`)
  }
  const [seconds, used] = await measure(peer, () => send(bytes))
  const arrived = (await store.ask<Arrivals>('take')).bytes
  if (arrived !== bytes) throw new Error(`${arrived} bytes arrived of ${bytes}`)
  return { seconds, bytes, idleBytes: peer.idleBytes, ...used }
}
