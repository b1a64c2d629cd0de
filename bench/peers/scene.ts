import type { Turn } from '../contest.ts'
import { type Load, startLoad } from '../load/load.ts'
import { measure } from '../load/measure.ts'
import { residentBytes } from '../process.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'

/** A contestant among the peers. */
export interface Peer {
  readonly pid: number
  /** Resident bytes before its first request. */
  readonly idleBytes: number
  readonly runUrl: string
  /** Where its payloads arrive. */
  readonly sink: Launched
  stop(): Promise<void>
}

export interface PeerScene {
  readonly load: Load
  readonly upstream: Launched
  readonly store: Launched
  /** Starts a script of the bench that takes `/v2/…/run` and stores payloads over `STORE`. */
  start(script: string): Promise<Peer>
  /** What must be stopped with the scene. */
  owns(process: { stop(): Promise<void> }): void
  close(): Promise<void>
}

const authorization = 'Bearer rpa_bench'

/** Platform, store and load client, each a process of its own. */
export async function openPeerScene(): Promise<PeerScene> {
  const upstream = await launch('bench/sinks/upstream.ts')
  const store = await launch('bench/sinks/s3.ts')
  const load = await startLoad()
  const started: { stop(): Promise<void> }[] = [upstream, store, load]
  return {
    load,
    upstream,
    store,
    async start(script) {
      const env = { BULKWAY_LOG: 'warn', UPSTREAM: upstream.url, STORE: store.url }
      const process = await launch(script, env)
      started.push(process)
      return {
        pid: process.pid,
        idleBytes: residentBytes(process.pid).now,
        runUrl: `${process.url}/v2/bench/run`,
        sink: store,
        stop: () => process.stop(),
      }
    },
    owns: (process) => void started.push(process),
    close: () => stopAll(started),
  }
}

/**
 * One upload whose SHA-256 is checked, of up to a quarter of the size and not timed, then the timed one,
 * whose bytes are counted. Throws when anything else arrived than was sent.
 */
export async function takePeerTurn(scene: PeerScene, peer: Peer, textBytes: number): Promise<Turn> {
  const { load } = scene
  const { sink, runUrl: url } = peer
  const send = (size: number) => load.upload({ url, headers: { authorization }, textBytes: size })
  const lesser = Math.ceil(Math.max(Math.min(textBytes / 4, mostHashedBytes), leastBytes) / 4) * 4
  await sink.ask('take')
  await sink.ask('verify', { on: true })
  await send(lesser)
  await sink.ask('verify', { on: false })
  const { hashes } = await sink.ask<Arrivals>('take')
  if (!hashes.includes(await load.hash(lesser)))
    throw new WrongBytes(`${hashes.length} payloads arrived, none as it was sent`)
  // One small body would be over within a tick or two of the CPU clock.
  const times = Math.max(1, Math.floor(leastTurnBytes / textBytes))
  const [seconds, used] = await measure(peer, async () => {
    let sum = 0
    for (let at = 0; at < times; at++) sum += (await send(textBytes)).seconds
    return sum
  })
  const { bytes } = await sink.ask<Arrivals>('take')
  // A pass-through has the text and the JSON around it, a gateway what the text stands for.
  const sent = textBytes * times
  if (sink === scene.store ? bytes !== (sent / 4) * 3 : bytes < sent) {
    throw new WrongBytes(`${bytes} bytes arrived of a text of ${sent}`)
  }
  return { seconds, bytes: sent, idleBytes: peer.idleBytes, ...used }
}

/**
 * The same of a peer that may not be up to the size: then why becomes part of the result. Wrong
 * bytes are no such reason, and are thrown.
 */
export async function tryPeerTurn(scene: PeerScene, peer: Peer, textBytes: number): Promise<Turn> {
  try {
    return await takePeerTurn(scene, peer, textBytes)
  } catch (error) {
    if (error instanceof WrongBytes) throw error
    return { seconds: Number.NaN, bytes: 0, failure: reasonOf(error) }
  }
}

/** Smaller bodies need no staging: the gateway passes them on as they are. */
export const leastBytes = 12 * 1024 * 1024
/** Five parts and more; the slowest peers would take minutes to have a gigabyte checked. */
const mostHashedBytes = 64 * 1024 * 1024
const leastTurnBytes = 128 * 1024 * 1024

class WrongBytes extends Error {}

/** What the peer answered, without the stack of the client that got it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const [line = ''] = text.split('\n')
  return line.replace(/^.*?Error: /, '').slice(0, 200)
}
