interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

interface Route {
  readonly method: string
  readonly path: string
}

const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']

/** Paths below which the application has one route for everything, and dispatches by itself. */
const dispatched = ['/s3/', '/v2/{}/openai/', '/lb/{}/']

/**
 * What is only in the description, and what is only in the application. Names of path parameters do
 * not matter; a HEAD is answered by the route of its GET; routes for all methods are catch-alls.
 */
export function compareRoutes(
  routes: readonly Route[],
  description: Described,
): { onlyDescribed: string[]; onlyRouted: string[] } {
  const routed = new Set<string>()
  const catchAlls = new Set<string>()
  for (const { method, path } of routes) {
    if (method === 'ALL' || path.endsWith('*')) catchAlls.add(withoutNames(path))
    else routed.add(`${method} ${withoutNames(path)}`)
  }
  const described = new Set<string>()
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of methods) {
      if (method in item) described.add(`${method.toUpperCase()} ${withoutNames(path)}`)
    }
  }
  const isRouted = (operation: string) =>
    routed.has(operation) ||
    (operation.startsWith('HEAD ') && routed.has(operation.replace('HEAD', 'GET'))) ||
    dispatched.some(
      (base) => operation.split(' ')[1]?.startsWith(base) && catchAlls.has(`${base}*`),
    )
  return {
    onlyDescribed: [...described].filter((operation) => !isRouted(operation)),
    onlyRouted: [...routed].filter((operation) => !described.has(operation)),
  }
}

function withoutNames(path: string): string {
  return path.replace(/:[A-Za-z]+(\{[^/]*\})?|\{[A-Za-z]+\}/g, '{}')
}
