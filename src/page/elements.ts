/** The element of an id; throws where the page has none of this kind, which is a fault of its own. */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new TypeError(`The page has no ${kind.name} #${id}`)
}

/** Creates an element with its own properties and what is in it. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** Says something to whoever does not see the page. */
export function announce(text: string): void {
  byId('live', HTMLParagraphElement).textContent = text
}
