import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'
import { type Load, startLoad } from './load.ts'

/** `raw` passes on, `drop` takes and drops, `null` and `put` are the gateway by its store. */
export type SubjectKind = 'raw' | 'drop' | 'null' | 'put'

/** A contestant and whoever gets what it sends. */
export interface Subject {
  readonly kind: SubjectKind
  readonly process: Launched
  /** Where giant requests go. */
  readonly runUrl: string
  /** Where the payload arrives: the process with the commands `verify` and `take`. */
  readonly sink: Launched | undefined
}

/** Load client, platform and store of uploads, each a process of its own. */
export interface UploadScene {
  readonly load: Load
  start(kind: SubjectKind, nodeOptions?: readonly string[]): Promise<Subject>
  /** Sends `parallel` payloads and compares the SHA-256 of each that arrived; throws if one differs. */
  verify(subject: Subject, textBytes: number, parallel?: number): Promise<void>
  close(): Promise<void>
}

/** The key that every contestant passes on. */
export const authorization = 'Bearer rpa_bench'

export async function openUploadScene(): Promise<UploadScene> {
  const upstream = await launch('bench/sinks/upstream.ts')
  const store = await launch('bench/sinks/s3.ts')
  const load = await startLoad()
  const started: { stop(): Promise<void> }[] = [upstream, store, load]

  async function start(kind: SubjectKind, nodeOptions: readonly string[] = []): Promise<Subject> {
    const isGateway = kind === 'null' || kind === 'put'
    const process = await launch(
      isGateway ? 'bench/subjects/gateway.ts' : 'bench/subjects/raw.ts',
      {
        BULKWAY_LOG: 'warn',
        UPSTREAM: kind === 'drop' ? '' : upstream.url,
        STORE: kind === 'put' ? store.url : '',
      },
      nodeOptions,
    )
    started.push(process)
    const sink = { raw: upstream, drop: undefined, null: process, put: store }[kind]
    return { kind, process, runUrl: `${process.url}/v2/bench/run`, sink }
  }

  async function verify(subject: Subject, textBytes: number, parallel = 1): Promise<void> {
    const { sink, runUrl } = subject
    if (sink === undefined) return
    await sink.ask('take')
    await sink.ask('verify', { on: true })
    await load.upload({ url: runUrl, headers: { authorization }, textBytes, parallel })
    await sink.ask('verify', { on: false })
    const { hashes } = await sink.ask<Arrivals>('take')
    const expected = await load.hash(textBytes)
    const same = hashes.filter((hash) => hash === expected).length
    if (same !== parallel) {
      throw new Error(`${subject.kind}: ${same} of ${parallel} payloads arrived as they were sent`)
    }
  }

  return { load, start, verify, close: () => stopAll(started) }
}
