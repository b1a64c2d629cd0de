import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { LoadBalancerConfig } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'

type LoadBalancerDocument = NonNullable<ConfigDocument['endpoints'][string]['loadBalancer']>

/** What stands for the endpoint's id in `loadBalancer.upstream`. */
export const endpointIdMark = '{endpointId}'

/** Headers that say who calls, where a message goes and how it is framed: never by configuration. */
const reserved: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Reads the load-balancing side of an endpoint. */
export function readLoadBalancer(
  document: LoadBalancerDocument,
  pointer: string,
  faults: ConfigFault[],
): LoadBalancerConfig {
  const { upstream, rules, ...rest } = { ...DEFAULTS.ConfigLoadBalancer, ...document }
  parseBaseUrl(upstream.replaceAll(endpointIdMark, 'id'), `${pointer}/upstream`, faults)
  rest.headers.forEach((name, index) => {
    if (!reserved.has(name)) return
    faults.push({ pointer: `${pointer}/headers/${index}`, message: `must not be "${name}"` })
  })
  return Object.freeze({
    ...rest,
    upstream: upstream.replace(/\/+$/, ''),
    rules: Object.freeze(
      rules.map((rule) => Object.freeze({ ...DEFAULTS.ConfigLoadBalancerRule, ...rule })),
    ),
  })
}
