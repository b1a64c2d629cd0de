import type { FieldPlace } from './field-name.ts'

/** What a form puts into `input`. */
export interface Field extends FieldPlace {
  /** The field's own name, for whom is told what is wrong with it. */
  readonly name: string
  /** JSON text. */
  readonly text: string
}

/** Fields by their place; a node has values or children, never both. */
export interface FieldNode {
  /** The first field that led here. */
  readonly field: Field
  readonly children: Map<string, FieldNode>
  readonly values: string[]
  append: boolean
}

/** Makes the error of a field that cannot be where its name says. */
export type RefuseField = (field: Field, reason: string) => Error

/** Puts fields into a tree; the same place twice is an array in order. Throws what `refuse` makes. */
export function createFieldTree(
  fields: readonly Field[],
  refuse: RefuseField,
): FieldNode | undefined {
  let root: FieldNode | undefined
  for (const field of fields) {
    root ??= createNode(field)
    let node = root
    for (const token of field.tokens) {
      if (node.values.length > 0) throw refuse(field, 'another field is in its way')
      const next = node.children.get(token) ?? createNode(field)
      node.children.set(token, next)
      node = next
    }
    if (node.children.size > 0) throw refuse(field, 'another field lies below it')
    node.values.push(field.text)
    node.append ||= field.append
  }
  return root
}

function createNode(field: Field): FieldNode {
  return { field, children: new Map(), values: [], append: false }
}

/** The JSON text of a node where nothing was before. */
export function renderNode(node: FieldNode, refuse: RefuseField): string {
  const [only] = node.values
  if (only !== undefined) {
    return node.values.length === 1 && !node.append ? only : `[${node.values.join(',')}]`
  }
  if (![...node.children.keys()].some(isIndex)) return `{${renderMembers(node.children, refuse)}}`
  return `[${renderItems(node.children, 0, refuse).join(',')}]`
}

/** The members of an object, comma-separated. */
export function renderMembers(
  children: ReadonlyMap<string, FieldNode>,
  refuse: RefuseField,
): string {
  return [...children]
    .map(([name, child]) => `${JSON.stringify(name)}:${renderNode(child, refuse)}`)
    .join(',')
}

/** The items of an array from an index on, of which none may be missing. */
export function renderItems(
  children: ReadonlyMap<string, FieldNode>,
  from: number,
  refuse: RefuseField,
): string[] {
  const items: string[] = []
  const left = new Map(children)
  for (let next = left.get(String(from)); next !== undefined; ) {
    items.push(renderNode(next, refuse))
    left.delete(String(from + items.length - 1))
    next = left.get(String(from + items.length))
  }
  for (const { field } of left.values()) throw refuse(field, 'the array has no such place')
  return items
}

function isIndex(token: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(token)
}
