/**
 * A copy of `request` with `value` at `path`: a JSON Pointer of the whole request where it begins
 * with `/`, else names below `input` with dots between them. What is not there yet is made, an array
 * where the next name is a number. Throws a TypeError where a value that is no container is in the way.
 */
export function place<T extends object>(request: T, path: string, value: unknown): T {
  const names = path.startsWith('/') ? namesOfPointer(path) : ['input', ...path.split('.')]
  if (names.includes('')) throw new TypeError(`Cannot place a file at "${path}": a name is empty`)
  const placed = placeAt(request, names, 0, value, path)
  return { ...request, ...(typeof placed === 'object' ? placed : {}) }
}

// RFC 6901, 4: `~1` first, as `~01` is `~1`.
function namesOfPointer(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function placeAt(
  container: unknown,
  names: readonly string[],
  at: number,
  value: unknown,
  path: string,
): unknown {
  const name = names[at]
  if (name === undefined) return value
  const isIndex = /^(0|[1-9]\d{0,5})$/.test(name)
  if (Array.isArray(container) || (container === undefined && isIndex)) {
    const list: unknown[] = [...(container ?? [])]
    const index = name === '-' ? list.length : Number(name)
    if (!(isIndex || name === '-') || index > list.length) {
      throw new TypeError(`Cannot place a file at "${path}": "${name}" is no place in the array`)
    }
    list[index] = placeAt(list[index], names, at + 1, value, path)
    return list
  }
  if (container !== undefined && (typeof container !== 'object' || container === null)) {
    throw new TypeError(`Cannot place a file at "${path}": what holds "${name}" is no object`)
  }
  const members: Record<string, unknown> = { ...container }
  const inner = Object.hasOwn(members, name) ? members[name] : undefined
  return { ...members, [name]: placeAt(inner, names, at + 1, value, path) }
}
