import { readConfig } from '../../src/config/read-config.ts'
import { buildDeps } from '../../src/runtimes/build-deps.ts'
import { createJsonLog } from '../../src/runtimes/json-log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { serveOnNode } from '../../src/runtimes/node-server.ts'
import { takeCommands } from './control.ts'
import { createNullStore } from './null-store.ts'

/**
 * The gateway itself, the very server that `npm start` runs. Environment: `UPSTREAM`, the URL of
 * the platform; `STORE`, the URL of an S3 store, or nothing: then payloads are dropped inside;
 * `ENDPOINT`, JSON over the settings of the one endpoint. Commands as a sink's (null store only).
 */

const { UPSTREAM = '', STORE = '', ENDPOINT = '{}' } = process.env
const config = readConfig(
  JSON.stringify({
    publicUrl: 'https://gateway.example',
    stores: {
      main: {
        kind: 's3',
        endpoint: STORE === '' ? 'http://127.0.0.1:9' : STORE,
        region: 'us-east-1',
        bucket: 'bench',
        accessKeyId: { env: 'KEY' },
        secretAccessKey: { env: 'SECRET' },
      },
    },
    stateStore: 'main',
    endpoints: {
      '*': { upstream: `${UPSTREAM}/v2`, store: 'main', as: 'key', ...JSON.parse(ENDPOINT) },
    },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'MASTER' },
  }),
  (name) =>
    ({
      KEY: 'bench',
      SECRET: 'benchbenchbench',
      MASTER: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    })[name],
)
const log = createJsonLog(process.env['BULKWAY_LOG'], (line) => process.stdout.write(`${line}\n`))
const nothing = createNullStore('main')
const deps = buildDeps(
  config,
  createNodePlatform(log),
  log,
  STORE === '' ? () => nothing : undefined,
)
const { port } = await serveOnNode(deps, { hostname: '127.0.0.1', port: 0 })

await takeCommands(
  {
    verify: ({ on }: { on: boolean }) => nothing.verify(on),
    take: () => nothing.take(),
  },
  `http://127.0.0.1:${port}`,
)
