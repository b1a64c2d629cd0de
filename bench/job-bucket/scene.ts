import type { ScopedKey } from '../../src/grants/scoped-key.ts'
import type { Turn } from '../contest.ts'
import { measure } from '../load/measure.ts'
import { residentBytes } from '../process.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'
import type { Got, Put } from './client.ts'
import { type Carriage, pieceBytes, wireBytes } from './frames.ts'
import { sealBenchGrant } from './grant.ts'
import { signGet, signPut } from './sign.ts'

/** A gateway with one grant and a bare proxy, both before the same store. */
export interface BucketScene {
  /** PUTs an object of `bytes`, a small one before it whose SHA-256 is checked. */
  put(subject: 'bare' | 'gateway', carriage: Carriage, bytes: number): Promise<Turn>
  /** GETs one. */
  get(subject: 'bare' | 'gateway', bytes: number): Promise<Turn>
  close(): Promise<void>
}

/** Payload of the requests whose SHA-256 is checked. */
const checkedBytes = 32 * pieceBytes

export async function openBucketScene(): Promise<BucketScene> {
  const store = await launch('bench/sinks/s3.ts')
  const upstream = await launch('bench/sinks/upstream.ts')
  const client = await launch('bench/job-bucket/client.ts')
  const bare = await launch('bench/subjects/raw.ts', { UPSTREAM: store.url })
  const env = { BULKWAY_LOG: 'warn', UPSTREAM: upstream.url, STORE: store.url }
  const gateway = await launch('bench/subjects/gateway.ts', env)
  const subjects = { bare, gateway }
  const idle = {
    bare: residentBytes(bare.pid).now,
    gateway: residentBytes(gateway.pid).now,
  }
  const key: ScopedKey = await sealBenchGrant(store.url)
  const checksums = new Map<string, string>()

  async function prepare(subject: Launched, carriage: Carriage, bytes: number): Promise<Put> {
    const name = `${carriage} ${bytes}`
    const known = checksums.get(name)
    const checksum = known ?? (await client.ask<string>('checksum', { carriage, bytes }))
    checksums.set(name, checksum)
    const wire = wireBytes(carriage, bytes, checksum)
    const signed = await signPut(subject.url, key, 'object', { carriage, bytes, wire })
    return { ...signed, carriage, bytes, checksum }
  }

  async function checkPut(carriage: Carriage): Promise<void> {
    await store.ask('take')
    await store.ask('verify', { on: true })
    await client.ask('put', await prepare(gateway, carriage, checkedBytes))
    await store.ask('verify', { on: false })
    const { hashes } = await store.ask<Arrivals>('take')
    const expected = await client.ask<string>('hash', { bytes: checkedBytes })
    if (hashes.length !== 1 || hashes[0] !== expected) {
      throw new Error(`Other bytes arrived: ${hashes.join()}, not ${expected}`)
    }
  }

  async function put(name: 'bare' | 'gateway', carriage: Carriage, bytes: number): Promise<Turn> {
    const subject = subjects[name]
    if (name === 'gateway') await checkPut(carriage)
    await store.ask('take')
    const facts = await prepare(subject, carriage, bytes)
    const [seconds, used] = await measure(subject, () => client.ask<number>('put', facts))
    const arrived = (await store.ask<Arrivals>('take')).bytes
    const expected = name === 'bare' ? wireBytes(carriage, bytes, facts.checksum) : bytes
    if (arrived !== expected) throw new Error(`${name}: ${arrived} bytes arrived of ${expected}`)
    return { seconds, bytes, ...used, idleBytes: idle[name] }
  }

  async function get(name: 'bare' | 'gateway', bytes: number): Promise<Turn> {
    const subject = subjects[name]
    const open = (size: number) => signGet(subject.url, key, `generated-${size}`)
    const checked = await client.ask<Got>('get', { url: await open(checkedBytes), hashing: true })
    const whole = await open(bytes)
    const direct = `${store.url}/bench/generated-${checkedBytes}`
    const expected = await client.ask<Got>('get', { url: direct, hashing: true })
    if (checked.hash !== expected.hash) throw new Error(`${name}: other bytes came`)
    const [got, used] = await measure(subject, () =>
      client.ask<Got>('get', { url: whole, hashing: false }),
    )
    if (got.bytes !== bytes) throw new Error(`${name}: ${got.bytes} bytes came of ${bytes}`)
    return { seconds: got.seconds, bytes, ...used, idleBytes: idle[name] }
  }

  return { put, get, close: () => stopAll([store, upstream, client, bare, gateway]) }
}
