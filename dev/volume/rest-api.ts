/**
 * A fake of the management API (`rest.runpod.io/v1`) as far as it says which volumes an endpoint
 * has. Bodies of errors are its own: they are not documented.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'

/** An endpoint as `GET /endpoints/{id}` tells it. */
export interface RestEndpoint {
  readonly id: string
  readonly networkVolumeId?: string
  readonly networkVolumeIds?: readonly string[]
  readonly dataCenterIds?: readonly string[]
}

/** A volume as `GET /networkvolumes/{id}` tells it. */
export interface RestVolume {
  readonly id: string
  readonly name: string
  /** Gigabytes. */
  readonly size: number
  readonly dataCenterId: string
}

/** A running fake; both maps may be changed at any time. */
export interface RestApi {
  /** `http://127.0.0.1:{port}/v1`. */
  readonly url: string
  readonly endpoints: Map<string, RestEndpoint>
  readonly volumes: Map<string, RestVolume>
  /** The keys that are accepted; any other is answered 401. */
  readonly apiKeys: Set<string>
  /** Keys that may see nothing here: answered 403. */
  readonly restrictedKeys: Set<string>
  /** Status of every answer while it is set; 0 breaks the connection. */
  failing: number | undefined
  /** `GET /endpoints/x` … in order. */
  readonly log: readonly string[]
  close(): Promise<void>
}

/** Starts the fake on loopback; `port` 0 takes a free one. */
export async function createRestApi(options: { readonly port: number }): Promise<RestApi> {
  const log: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://rest')
    log.push(`${request.method} ${pathname.replace(/^\/v1/, '')}`)
    if (api.failing === 0) {
      request.socket.resetAndDestroy()
      return
    }
    const [status, body] = answerTo(request.headers.authorization, request.method, pathname)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })

  function answerTo(
    authorization: string | undefined,
    method: string | undefined,
    pathname: string,
  ): [status: number, body: unknown] {
    if (api.failing !== undefined) return [api.failing, { error: 'as asked' }]
    const key = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? ''
    if (api.restrictedKeys.has(key)) return [403, { error: 'forbidden' }]
    if (!api.apiKeys.has(key)) return [401, { error: 'unauthorized' }]
    const [version, kind, id = '', ...rest] = pathname.slice(1).split('/')
    const known = { endpoints: api.endpoints, networkvolumes: api.volumes }
    const table = kind === 'endpoints' || kind === 'networkvolumes' ? known[kind] : undefined
    const found = table?.get(decodeURIComponent(id))
    if (version !== 'v1' || rest.length > 0 || found === undefined || method !== 'GET') {
      return [404, { error: 'not found' }]
    }
    return [200, found]
  }

  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const api: RestApi = {
    url: `http://127.0.0.1:${port}/v1`,
    endpoints: new Map(),
    volumes: new Map(),
    apiKeys: new Set(),
    restrictedKeys: new Set(),
    failing: undefined,
    log,
    async close() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
  return api
}
