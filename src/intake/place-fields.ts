import { createScanner } from 'jsonc-parser'
import { type Edit, renderResidue } from '../json/render.ts'
import {
  createFieldTree,
  type Field,
  type FieldNode,
  type RefuseField,
  renderItems,
  renderMembers,
  renderNode,
} from './field-tree.ts'

const utf8 = new TextDecoder()
// One character a byte, so that offsets are those of the bytes; names are read from the bytes.
const latin1 = new TextDecoder('latin1')

/**
 * Puts fields into a JSON object, whose bytes otherwise stay as they are. A field may take the place
 * of `null` and of nothing else; of a name given twice the last counts, as everywhere. Throws what
 * `refuse` makes.
 *
 * @param object - valid JSON, an object
 */
export function placeFields(
  object: Uint8Array,
  fields: readonly Field[],
  refuse: RefuseField,
): Uint8Array {
  const tree = createFieldTree(fields, refuse)
  if (tree === undefined) return object
  const text = latin1.decode(object)
  const scanner = createScanner(text, true)
  next()
  const edits = walkObject(tree)
  return renderResidue({ bytes: object, payloads: [] }, [], edits)

  /** Goes on to the next token and answers its first character. */
  function next(): string | undefined {
    scanner.scan()
    return current()
  }

  function current(): string | undefined {
    return text[scanner.getTokenOffset()]
  }

  function walkValue(node: FieldNode): Edit[] {
    const start = scanner.getTokenOffset()
    switch (current()) {
      case 'n':
        return [{ start, end: start + 4, text: renderNode(node, refuse) }]
      case '[':
        if (node.values.length === 0 || node.append) return walkArray(node)
        break
      case '{':
        if (node.values.length === 0) return walkObject(node)
    }
    throw refuse(node.field, 'there is a value already')
  }

  function walkObject(node: FieldNode): Edit[] {
    const found = new Map<string, Edit[]>()
    let isEmpty = true
    while (next() !== '}') {
      if (current() === ',') next()
      isEmpty = false
      const name = readName()
      next()
      next()
      const child = node.children.get(name)
      if (child === undefined) skipValue()
      else found.set(name, walkValue(child))
    }
    const missing = new Map([...node.children].filter(([name]) => !found.has(name)))
    const edits = [...found.values()].flat()
    if (missing.size === 0) return edits
    return [...edits, insert(isEmpty, renderMembers(missing, refuse))]
  }

  function walkArray(node: FieldNode): Edit[] {
    const edits: Edit[] = []
    const left = new Map(node.children)
    let length = 0
    while (next() !== ']') {
      if (current() === ',') next()
      const child = left.get(String(length))
      if (child === undefined) skipValue()
      else edits.push(...walkValue(child))
      left.delete(String(length))
      length++
    }
    const items = [...renderItems(left, length, refuse), ...node.values]
    return items.length === 0 ? edits : [...edits, insert(length === 0, items.join(','))]
  }

  /** Before the bracket that was just read. */
  function insert(isEmpty: boolean, text: string): Edit {
    const at = scanner.getTokenOffset()
    return { start: at, end: at, text: isEmpty ? text : `,${text}` }
  }

  function readName(): string {
    const start = scanner.getTokenOffset()
    return JSON.parse(utf8.decode(object.subarray(start, start + scanner.getTokenLength())))
  }

  function skipValue(): void {
    let depth = 0
    for (let first = current(); ; first = next()) {
      if (first === '{' || first === '[') depth++
      if (first === '}' || first === ']') depth--
      if (depth === 0) return
    }
  }
}
