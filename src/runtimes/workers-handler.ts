import type { Hono } from 'hono'
import type { StoreConfig } from '../config/config.ts'
import { ConfigError, readConfig } from '../config/read-config.ts'
import { GatewayError } from '../errors.ts'
import type { Deps } from '../flows/deps.ts'
import { sweepAll } from '../flows/sweep-all.ts'
import { sendDueWebhooks } from '../flows/webhooks/send-due.ts'
import { createApp } from '../http/app.ts'
import type { AppEnv } from '../http/call.ts'
import { problemReply } from '../http/problem.ts'
import { respond } from '../http/respond.ts'
import type { ObjectStore } from '../store/store.ts'
import { buildDeps } from './build-deps.ts'
import { createJsonLog } from './json-log.ts'
import { createWorkersBody, lengthOf } from './workers-body.ts'
import { createWorkersPlatform } from './workers-platform.ts'
import { joinWebSocket, upgradeToWebSocket } from './workers-websocket.ts'

type Bindings = Readonly<Record<string, unknown>>

/** Parts in the buffer pool of an isolate, which has 128 MB in all. */
const poolParts = 6

/** As many connections as one invocation has; a cron trigger has 15 minutes in all. */
const sending = { width: 6, forMs: 10 * 60_000 }

/**
 * Makes the handler of a Worker; the gateway in it is built with the first request, because bindings
 * are not there before. `makeStore` stands in where stores are not S3.
 */
export function createWorkersHandler(
  makeStore?: (store: StoreConfig) => ObjectStore,
): ExportedHandler<Bindings> {
  let gateway: { readonly app: Hono<AppEnv>; readonly deps: Deps } | undefined

  /** A faulty configuration is not cached. */
  function gatewayOf(env: Bindings): NonNullable<typeof gateway> {
    const read = (name: string) => {
      const value = env[name]
      // A var may be a TOML table, which arrives as an object.
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : asText(value)
    }
    const log = createJsonLog(read('BULKWAY_LOG'), (line) => console.log(line))
    const platform = createWorkersPlatform(log)
    const profile = read('BULKWAY_PROFILE')
    const config = readConfig(read('BULKWAY_CONFIG') ?? '', read, { poolParts, profile })
    const deps = buildDeps(config, platform, log, makeStore)
    const app = createApp(deps, {
      bodyOf(context) {
        const { body: source, headers } = context.req.raw
        if (source === null) return undefined
        const { idleTimeoutMs } = config.limits
        return createWorkersBody(source, { drain: true, idleTimeoutMs, length: lengthOf(headers) })
      },
      targetOf(context) {
        const url = new URL(context.req.url)
        return url.pathname + url.search
      },
      acceptEncodingOf(context) {
        const { cf } = context.req.raw as Request<unknown, IncomingRequestCfProperties>
        return cf?.clientAcceptEncoding
      },
      isGone: (context) => context.req.raw.signal?.aborted === true,
      upgrade: (context, request) => upgradeToWebSocket(context.req.raw, request),
      join: (context, reply) => joinWebSocket(context.req.raw, reply),
    })
    return { app, deps }
  }

  return {
    async fetch(request, env, context): Promise<Response> {
      try {
        gateway ??= gatewayOf(env)
      } catch (error) {
        return misconfigured(error)
      }
      return await gateway.app.fetch(request, env, context)
    },
    async scheduled({ cron }, env): Promise<void> {
      // A fault is the platform's to log: nobody waits for an answer.
      gateway ??= gatewayOf(env)
      const { deps } = gateway
      const { sweep, webhooks } = deps.config
      // An invocation of its own for either: together they may make as many requests as one.
      if (cron === sweep.cron) await sweepOnSchedule(deps)
      else if (webhooks.durable) await sendDueWebhooks(deps, sending)
    },
  }
}

/** As much of a sweep as one run of a trigger may make requests for. */
async function sweepOnSchedule(deps: Deps): Promise<void> {
  const { requests: maxRequests, requestsPerSecond: perSecond } = deps.config.sweep
  const signal = AbortSignal.timeout(sending.forMs)
  const limits = { limit: maxRequests, maxRequests, perSecond, signal, hurried: true }
  const swept = await sweepAll(deps, limits)
  deps.log.write('info', { event: 'swept', ...swept })
}

function misconfigured(error: unknown): Response {
  const log = createJsonLog('info', (line) => console.log(line))
  const cause = error instanceof ConfigError ? error.message : error
  const problem = new GatewayError('misconfigured', 'The gateway is not configured correctly', {
    cause,
  })
  const reply = problemReply(problem, crypto.randomUUID(), log)
  return respond(reply, createWorkersPlatform(log))
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
