import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ParseError, parse } from 'jsonc-parser'
import { freePorts } from '../../dev/child.ts'
import { type DevStack, type StackOptions, startStack } from '../../dev/stack.ts'
import { findPython, type PythonWorker, startPythonWorker } from './python-worker.ts'
import { countTraffic } from './traffic.ts'

/** A document as it stands in an example's folder. */
interface Document {
  readonly publicUrl: string
  readonly stores: Readonly<Record<string, object>>
  readonly endpoints: Readonly<Record<string, object>>
  readonly [member: string]: unknown
}

/** The development stack with an example's own configuration, and what attaches workers to it. */
export interface Scene {
  readonly stack: DevStack
  /** A folder that goes with the scene. */
  readonly directory: string
  readonly python: string
  /** Starts a worker of RunPod's package; it ends with the scene. */
  startWorker(options: {
    readonly endpointId: string
    readonly script: string
    readonly name: string
    readonly env?: Readonly<Record<string, string>>
    readonly onLine?: (line: string) => void
  }): Promise<PythonWorker>
  /** Bytes on the way between gateway and platform, and between platform and workers. */
  platformBytes(): { readonly gateway: number; readonly workers: number }
  stop(): Promise<void>
}

/**
 * Starts what an example needs: its `bulkway.jsonc`, in which the stack's stores and platform stand
 * in for those of the internet. No worker runs yet.
 */
export async function startScene(options: {
  /** URL of `bulkway.jsonc`. */
  readonly config: URL
  /** A further change of the document. */
  readonly change?: (document: Document, base: Document) => Document
  readonly stack?: Partial<StackOptions>
}): Promise<Scene> {
  const python = await findPython()
  const written = await readDocument(options.config)
  const directory = await mkdtemp(join(tmpdir(), 'bulkway-example-'))
  // An interrupted run must not leave gigabytes behind.
  const clear = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', clear)
  const port = await freePorts(6)
  const gatewaySide = await countTraffic(port + 1)
  const workerSide = await countTraffic(port + 1)
  const workers: PythonWorker[] = []
  let stack: DevStack | undefined

  async function stop(): Promise<void> {
    for (const worker of workers) await worker.kill()
    await stack?.stop()
    gatewaySide.close()
    workerSide.close()
    await rm(directory, { recursive: true, force: true })
    process.off('exit', clear)
  }

  function localize(base: Document): Document {
    const upstream = `${gatewaySide.url}/v2`
    const document: Document = {
      ...written,
      publicUrl: base.publicUrl,
      stores: Object.fromEntries(
        Object.entries(base.stores).map(([id, one]) => [
          id,
          { ...kept(written.stores[id]), ...one },
        ]),
      ),
      endpoints: Object.fromEntries(
        Object.entries(written.endpoints).map(([id, one]) => [id, { ...one, upstream }]),
      ),
    }
    return options.change?.(document, base) ?? document
  }

  try {
    stack = await startStack({
      runtime: 'node',
      port,
      directory: join(directory, 'stack'),
      worker: 'none',
      config: localize,
      ...options.stack,
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    stack,
    directory,
    python,
    async startWorker(worker) {
      const platformUrl = workerSide.url
      const started = await startPythonWorker({ python, platformUrl, directory, ...worker })
      workers.push(started)
      return started
    },
    platformBytes: () => ({ gateway: gatewaySide.bytes(), workers: workerSide.bytes() }),
    stop,
  }
}

/** What a store's settings say beside where it is. */
function kept(store: object = {}): object {
  const names = ['sharedPaths', 'exclusive', 'prefix']
  return Object.fromEntries(Object.entries(store).filter(([name]) => names.includes(name)))
}

async function readDocument(path: URL): Promise<Document> {
  const faults: ParseError[] = []
  const document = parse(await readFile(path, 'utf8'), faults, { allowTrailingComma: true })
  if (faults.length > 0) throw new Error(`${path.pathname} is not JSON with comments`)
  return document
}
