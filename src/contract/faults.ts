import type { Fault } from './validators.gen.js'

/** What is wrong with one value, in words. */
export interface ValueFault {
  /** RFC 6901 pointer of the value, or of the member that is missing or not known. */
  readonly pointer: string
  readonly message: string
}

/** Puts the validator's faults into words; no word of it comes from a value. */
export function describeFaults(faults: readonly Fault[]): ValueFault[] {
  const described = new Map<string, ValueFault>()
  for (const fault of faults) {
    const one = describe(fault)
    if (one !== undefined) described.set(`${one.pointer} ${one.message}`, one)
  }
  return [...described.values()]
}

function describe(fault: Fault): ValueFault | undefined {
  const { instancePath: pointer, keyword, params } = fault
  const member = (name: unknown) => `${pointer}/${escapeToken(String(name))}`
  switch (keyword) {
    case 'required':
      return { pointer: member(params['missingProperty']), message: 'is required' }
    case 'additionalProperties':
      return { pointer: member(params['additionalProperty']), message: 'is not known' }
    case 'propertyNames':
      return { pointer: member(params['propertyName']), message: 'is not a valid id' }
    case 'type':
      if (fault.schemaPath.includes('SecretReference')) {
        const wanted = 'a secret is given by reference, as {"env": "NAME"}'
        return { pointer, message: `Name the secret, do not write it here: ${wanted}` }
      }
      return { pointer, message: `must be ${[params['type']].flat().join(' or ')}` }
    case 'enum': {
      const allowed = [params['allowedValues']].flat().map((value) => JSON.stringify(value))
      return { pointer, message: `must be ${allowed.join(' or ')}` }
    }
    case 'discriminator':
      return { pointer: member(params['tag']), message: 'is missing or names no variant' }
    case 'minLength':
      return { pointer, message: 'must not be empty' }
    default:
      // The faults inside a property name come again as one of `propertyNames`.
      if (fault.propertyName !== undefined) return undefined
      return { pointer, message: fault.message ?? `fails ${keyword}` }
  }
}

/** Writes a member's name as a token of a JSON Pointer (RFC 6901 §3). */
export function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
