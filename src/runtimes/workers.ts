import type { Hono } from 'hono'
import { ConfigError, readConfig } from '../config/read-config.ts'
import { GatewayError } from '../errors.ts'
import { createApp } from '../http/app.ts'
import type { AppEnv } from '../http/call.ts'
import { problemReply } from '../http/problem.ts'
import { respond } from '../http/respond.ts'
import { buildDeps } from './build-deps.ts'
import { createJsonLog } from './json-log.ts'
import { createWorkersBody, createWorkersPlatform } from './workers-platform.ts'

type Bindings = Readonly<Record<string, unknown>>

/** Parts in the buffer pool of an isolate, which has 128 MB in all. */
const poolParts = 6

let app: Hono<AppEnv> | undefined

/** Built with the first request: bindings are not there before. A faulty configuration is not cached. */
function appOf(env: Bindings): Hono<AppEnv> {
  const read = (name: string) => {
    const value = env[name]
    // A var may be a TOML table, which arrives as an object.
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : asText(value)
  }
  const log = createJsonLog(read('BULKWAY_LOG'), (line) => console.log(line))
  const platform = createWorkersPlatform(log)
  const config = readConfig(read('BULKWAY_CONFIG') ?? '', read, { poolParts })
  return createApp(buildDeps(config, platform, log), {
    bodyOf(context) {
      const source = context.req.raw.body
      if (source === null) return undefined
      return createWorkersBody(source, { drain: true, idleTimeoutMs: config.limits.idleTimeoutMs })
    },
    targetOf(context) {
      const url = new URL(context.req.url)
      return url.pathname + url.search
    },
  })
}

export default {
  async fetch(request, env, context): Promise<Response> {
    try {
      app ??= appOf(env)
    } catch (error) {
      return misconfigured(error)
    }
    return await app.fetch(request, env, context)
  },
} satisfies ExportedHandler<Bindings>

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
