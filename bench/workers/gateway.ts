import type { Arrivals } from '../sinks/arrivals.ts'
import type { Bundled, Workerd } from './workerd.ts'

/** The gateway on workerd with its null store, and what a sink can be asked. */
export interface WorkersGateway extends Workerd {
  verify(on: boolean): Promise<void>
  take(): Promise<Arrivals>
}

/** The API key of all callers. */
export const authorization = 'Bearer rpa_bench_0123456789'

/** Path of the Worker that `startWorkersGateway` takes bundled. */
export const gatewayEntry = 'bench/workers/isolate/gateway.ts'

/** Starts it in front of `upstream`; `endpoint` stands over the settings of the one endpoint. */
export async function startWorkersGateway(
  bundled: Bundled,
  upstream: string,
  endpoint: Readonly<Record<string, unknown>> = {},
): Promise<WorkersGateway> {
  const config = {
    publicUrl: 'https://gateway.example',
    stores: {
      main: {
        kind: 's3',
        endpoint: 'https://store.invalid',
        region: 'us-east-1',
        bucket: 'bench',
        accessKeyId: { env: 'KEY' },
        secretAccessKey: { env: 'SECRET' },
      },
    },
    stateStore: 'main',
    endpoints: { '*': { upstream: `${upstream}/v2`, store: 'main', as: 'key', ...endpoint } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'MASTER' },
  }
  const workerd = await bundled.start({
    BULKWAY_CONFIG: JSON.stringify(config),
    BULKWAY_LOG: 'warn',
    KEY: 'bench',
    SECRET: 'benchbenchbench',
    MASTER: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  })
  return {
    ...workerd,
    async verify(on) {
      await (await fetch(`${workerd.url}/bench/verify?on=${on}`)).arrayBuffer()
    },
    take: async () => (await (await fetch(`${workerd.url}/bench/take`)).json()) as Arrivals,
  }
}
