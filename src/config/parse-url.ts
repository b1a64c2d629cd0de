import type { ConfigFault } from './config-error.ts'

/**
 * A configured base URL without a trailing slash. With `secure` it must be https unless its host is
 * loopback; whatever is wrong is noted as a fault.
 */
export function parseBaseUrl(
  text: string,
  pointer: string,
  faults: ConfigFault[],
  secure = true,
): string {
  const url = URL.parse(text)
  const fault =
    url === null ? 'must be a URL, such as https://gateway.example' : faultOf(url, secure)
  if (fault !== undefined) faults.push({ pointer, message: fault })
  return url === null ? text : `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/**
 * A configured URL as it was written, path, query and all, that must be https unless its host is
 * loopback; whatever is wrong is noted as a fault.
 */
export function parseUrl(text: string, pointer: string, faults: ConfigFault[]): string {
  const url = URL.parse(text)
  const fault = url === null ? 'must be a URL, such as https://id.example/jwks' : unsafe(url, true)
  if (fault !== undefined) faults.push({ pointer, message: fault })
  return url === null ? text : url.href
}

function faultOf(url: URL, secure: boolean): string | undefined {
  const fault = unsafe(url, secure)
  if (fault !== undefined) return fault
  return url.search !== '' || url.hash !== '' ? 'must not have a query or fragment' : undefined
}

function unsafe(url: URL, secure: boolean): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an http or https URL'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (secure && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'must be https: plain http is for loopback alone'
  }
  return undefined
}

/** Whether a host name, as `URL` writes it, can only be this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  )
}
