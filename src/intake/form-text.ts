import { concat } from '../bytes/concat.ts'
import { GatewayError } from '../errors.ts'
import type { FormPart } from '../multipart/form-parser.ts'
import type { BytePrimitives } from '../platform.ts'
import { checkJson, type JsonLimits } from './check-json.ts'
import { readFieldName } from './field-name.ts'
import type { Field } from './field-tree.ts'
import { placeFields } from './place-fields.ts'
import { fileMark } from './staged-file.ts'

/** Fields that are no places below `input`. */
export const formMembers: ReadonlySet<string> = new Set(['input', 'webhook', 'policy', 's3Config'])

type Named = Pick<FormPart, 'name' | 'offset'>

/** The fields of a form on their way to be one request. */
export interface FormText {
  /** Adds a field that is no file. */
  addField(part: FormPart, content: Uint8Array): void
  /** Adds the place of a file. */
  addFile(part: Named, index: number): void
  /** The request as JSON. */
  render(limits: JsonLimits): Uint8Array
}

const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Collects fields; every method but the first may throw a GatewayError `invalid_form`. */
export function createFormText(options: {
  readonly bytes: BytePrimitives
  readonly limits: JsonLimits
}): FormText {
  const { bytes, limits } = options
  const members = new Map<string, Uint8Array>()
  const fields: (Field & Named)[] = []

  function readKind(part: Named, content: Uint8Array): string {
    const checked = checkJson(content, limits, bytes)
    if ('kind' in checked) return checked.kind
    throw refuseField(part, `it is no JSON: ${checked.fault}`)
  }

  function addMember(part: FormPart, content: Uint8Array): void {
    if (members.has(part.name)) throw refuseField(part, 'it is there twice')
    if (part.name === 'input') {
      if (readKind(part, content) !== 'object') throw refuseField(part, 'it is no JSON object')
      members.set(part.name, content)
      return
    }
    const checked = checkJson(content, limits, bytes)
    const isObject = 'kind' in checked && checked.kind === 'object'
    members.set(part.name, isObject ? content : encoder.encode(quote(part, content)))
  }

  function addPlaced(part: Named, text: string): void {
    const place = readFieldName(part.name)
    if (typeof place === 'string') throw refuseField(part, place)
    fields.push({ ...place, name: part.name, offset: part.offset, text })
  }

  return {
    addField(part, content) {
      if (formMembers.has(part.name)) {
        addMember(part, content)
        return
      }
      const isJson = /^\s*application\/json\s*(;|$)/i.test(part.contentType ?? '')
      if (isJson) readKind(part, content)
      addPlaced(part, isJson ? decode(part, content) : quote(part, content))
    },
    addFile: (part, index) => addPlaced(part, fileMark(index)),
    render() {
      const object = members.get('input') ?? encoder.encode('{}')
      const input = placeFields(object, fields, (field, reason) => {
        const { offset } = fields.find(({ name }) => name === field.name) ?? { offset: 0 }
        return refuseField({ name: field.name, offset }, reason)
      })
      const pieces = [encoder.encode('{"input":'), input]
      for (const [name, content] of members) {
        if (name !== 'input') pieces.push(encoder.encode(`,"${name}":`), content)
      }
      return concat([...pieces, encoder.encode('}')])
    },
  }
}

/** The error of a field that cannot be taken. */
export function refuseField({ name, offset }: Named, reason: string): GatewayError {
  const shown = JSON.stringify(name.slice(0, 80))
  return new GatewayError('invalid_form', `Cannot take the field ${shown}: ${reason}`, { offset })
}

function quote(part: Named, content: Uint8Array): string {
  return JSON.stringify(decode(part, content))
}

function decode(part: Named, content: Uint8Array): string {
  try {
    return utf8.decode(content)
  } catch (cause) {
    if (cause instanceof TypeError) throw refuseField(part, 'it is no UTF-8')
    throw cause
  }
}
