import { GatewayError } from '../errors.ts'
import { judgeAddress } from './public-address.ts'

const longestUrl = 4096

/** Ports from 1024 that are other protocols', as the Fetch standard blocks them; below, only 443 is allowed. */
const blockedPorts: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10080,
])

/** Names that mean this machine or its network by convention, whatever a resolver says. */
const innerNames = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home\.arpa)$/

/** A webhook's URL, and the addresses it may be sent to. */
export interface Target {
  readonly url: URL
  /** Checked, in canonical spelling; connect to these and do not resolve again. */
  readonly addresses: readonly string[]
}

export interface TargetOptions {
  resolve(hostname: string): Promise<readonly string[]>
  /** Development only: loopback addresses, there also plain http and any port. */
  readonly allowLoopback: boolean
}

/**
 * Checks that a webhook goes to a public place: https, no user info, a sane port, and a host of
 * which every address is public. Call it when the webhook is given, and again each time it is sent.
 *
 * @throws {GatewayError} webhook_refused, the same words for every reason; the true one is its cause
 */
export async function checkTarget(text: string, options: TargetOptions): Promise<Target> {
  const url = parseTarget(text)
  const host = url.hostname
  const addresses = await addressesOf(host, options)
  const facts = addresses.map(judgeAddress)
  const isLoopback = facts.every(({ scope }) => scope === 'loopback')
  if (facts.length === 0) throw refused(`${host} has no address`)

  for (const { canonical, scope } of facts) {
    const allowed = scope === 'public' || (options.allowLoopback && isLoopback)
    if (!allowed) throw refused(`${host} is at ${canonical}, which is not public`)
  }
  if (url.protocol !== 'https:' && !isLoopback) throw refused(`${url.protocol} is not encrypted`)
  if (!isLoopback && !isSanePort(url.port)) throw refused(`Port ${url.port} is not allowed`)
  return { url, addresses: facts.map(({ canonical }) => canonical) }
}

function parseTarget(text: string): URL {
  const url = text.length > longestUrl ? null : URL.parse(text)
  if (url === null) throw refused('It is not a URL, or too long')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refused(`${url.protocol} is not a webhook's protocol`)
  }
  if (url.username !== '' || url.password !== '') throw refused('It holds user info')
  if (url.port === '0') throw refused('Port 0 is not allowed')
  url.hash = ''
  return url
}

async function addressesOf(host: string, options: TargetOptions): Promise<readonly string[]> {
  // The URL parser leaves no spelling of a literal but dotted decimals and bracketed IPv6.
  if (host.startsWith('[')) return [host.slice(1, -1)]
  if (/^[\d.]+$/.test(host)) return [host]
  const name = host.replace(/\.$/, '')
  const isLocalhost = name === 'localhost'
  if (!(options.allowLoopback && isLocalhost) && (innerNames.test(name) || !name.includes('.'))) {
    throw refused(`${host} is an inner name`)
  }
  try {
    return await options.resolve(host)
  } catch (error) {
    throw refused(`${host} cannot be resolved`, error)
  }
}

function isSanePort(port: string): boolean {
  if (port === '' || port === '443') return true
  return Number(port) >= 1024 && !blockedPorts.has(Number(port))
}

function refused(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('webhook_refused', 'Use a public https URL as webhook', {
    cause: new Error(reason, cause === undefined ? undefined : { cause }),
  })
}
