/**
 * Headers whose redirect, where it leads to the workers, leads to the gateway instead. `base` is the
 * workers' URL, `own` the gateway's for them, both without a trailing slash.
 */
export function withOwnLocation(headers: Headers, base: string, own: string): Headers {
  const location = headers.get('location')
  if (location === null) return headers
  const changed = new Headers(headers)
  changed.set('location', ownLocation(location, base, own))
  return changed
}

function ownLocation(location: string, base: string, own: string): string {
  const top = new URL(base)
  const isRelative = !/^([a-z][a-z0-9+.-]*:|[/\\])/i.test(location)
  // What is relative to the path means the same here.
  if (isRelative) return location
  const url = URL.parse(location, base)
  // A worker behind a proxy often takes its own scheme for http.
  const isHere = url?.host === top.host && /^https?:$/.test(url.protocol)
  if (url === null || !isHere) return location
  const above = top.pathname.replace(/\/$/, '')
  const isBelow = url.pathname === above || url.pathname.startsWith(`${above}/`)
  const path = isBelow ? url.pathname.slice(above.length) : url.pathname
  return `${own}${path}${url.search}${url.hash}`
}
