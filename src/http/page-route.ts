import type { Hono } from 'hono'
import type { Config, StoreConfig } from '../config/config.ts'
import { etag, html, scriptSource, styleSource } from '../page/page.gen.ts'
import type { AppEnv } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** The page for people, of whose words none depends on the configuration. */
export function addPageRoute(app: Hono<AppEnv>, { stores }: Config, route: Route): void {
  const headers = {
    'cache-control': 'no-cache',
    'content-security-policy': policyFor([...stores.values()]),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    etag,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
  const body = new TextEncoder().encode(html)
  app.get('/', (context) =>
    route(context, async () => {
      const known = context.req.header('if-none-match')
      if (known?.includes(etag) === true) return { status: 304, headers: new Headers(headers) }
      const type = { 'content-type': 'text/html; charset=utf-8' }
      return { status: 200, headers: new Headers({ ...headers, ...type }), body }
    }),
  )
}

/**
 * Nothing but the page's own script runs, and it has no eval and makes no HTML of text. Outputs may be
 * shown from any https host, as a worker may link to any.
 */
function policyFor(stores: readonly StoreConfig[]): string {
  const connect = ["'self'", ...new Set(stores.flatMap(partsGoTo))].join(' ')
  return [
    "default-src 'none'",
    `script-src ${scriptSource}`,
    `style-src ${styleSource}`,
    `connect-src ${connect}`,
    "img-src 'self' https: data: blob:",
    "media-src 'self' https: data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/**
 * Where presigned parts are sent. The host of a store can hold an account's name, which strangers need
 * not read: all of https stands for it. One without TLS is somebody's own machine, and named.
 */
function partsGoTo({ presign, endpoint, pathStyle, bucket }: StoreConfig): string[] {
  if (!presign) return []
  const { protocol, origin, host } = new URL(endpoint)
  if (protocol === 'https:') return ['https:']
  return [pathStyle ? origin : `${protocol}//${bucket}.${host}`]
}
