import { once } from 'node:events'
import { createServer } from 'node:http'
import { type ProxiedRequest, pass } from './exchange.ts'
import { type FaultRule, type PlantedFault, PlantedRule } from './rule.ts'
import { type OpenUpload, UploadLedger } from './uploads.ts'

/** A reverse proxy that fails on demand. */
export interface FaultProxy {
  /** `http://127.0.0.1:{port}`; paths are passed on as they come. */
  readonly url: string
  /** Every request so far, in the order of their arrival. */
  readonly log: readonly ProxiedRequest[]
  /** Puts a rule in force; of several that match a request, the oldest strikes. */
  fault(rule: FaultRule): PlantedFault
  /** Takes every rule back, releases what is held, and empties the log. */
  clear(): void
  /** Multipart uploads that the client knows of and neither completed nor aborted. */
  openUploads(): OpenUpload[]
  /** Multipart uploads whose id was lost on the way to the client. */
  lostUploads(): OpenUpload[]
  /** Ends every connection. */
  close(): Promise<void>
}

const signed = /^(x-amz-|signature$|awsaccesskeyid$|expires$)/i

/**
 * Starts a proxy on 127.0.0.1 before `target` (its origin; `port` 0 takes a free one). Bodies
 * stream with backpressure and the Host header stays the client's, as signatures cover it.
 */
export async function createFaultProxy(options: {
  target: string
  port?: number
  /** Keep the headers and so many bytes of the body of every request. */
  keepBytes?: number
}): Promise<FaultProxy> {
  const target = new URL(options.target)
  const ledger = new UploadLedger()
  const log: ProxiedRequest[] = []
  let rules: PlantedRule[] = []

  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request
    const [path, query] = split(url)
    const rule = rules.find((one) => one.takes(method, path, query))
    const parameters = new URLSearchParams(query)
    const entry: ProxiedRequest = {
      method,
      path,
      query: [...new Set(parameters.keys())].filter((name) => !signed.test(name)),
      requestBytes: 0,
      responseBytes: 0,
      status: undefined,
      fault: rule?.fault.kind,
      kept:
        options.keepBytes === undefined
          ? undefined
          : { headers: request.headers, body: Buffer.alloc(0) },
    }
    log.push(entry)
    const { socket } = request
    const keepBytes = options.keepBytes ?? 0
    const exchange = { request, response, socket, rule, entry, parameters, keepBytes }
    request.on('error', () => {})
    response.on('error', () => {})
    void pass(exchange, target, ledger).catch(() => socket.resetAndDestroy())
  })
  // Idle connections stay: a server that closes one just as it is used again is no fault of ours.
  server.keepAliveTimeout = 0
  server.headersTimeout = 0
  server.requestTimeout = 0
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')

  function clear(): void {
    for (const rule of rules) rule.release()
    rules = []
    log.length = 0
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    log,
    fault: (rule) => {
      const planted = new PlantedRule(rule)
      rules.push(planted)
      return planted
    },
    clear,
    openUploads: () => ledger.open,
    lostUploads: () => ledger.lost,
    close: async () => {
      clear()
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}

function split(url: string): [path: string, query: string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}
