import type { JobRequest } from '../client/client.ts'
import { announce, byId } from './elements.ts'
import { parseExactly } from './exact-json.ts'
import { findJsonFault } from './json-fault.ts'
import { remember, type Session } from './session.ts'

/** The text of the request. */
export interface Editor {
  /** The request; undefined where it is none, which the page then says. */
  read(): JobRequest | undefined
}

const first = `{
  "input": {
    "prompt": "a lighthouse in the fog"
  }
}`

/** Takes over the editor. */
export function createEditor(session: Session): Editor {
  const area = byId('request', HTMLTextAreaElement)
  const fault = byId('request-fault', HTMLParagraphElement)
  area.value = session.request || first

  function check(): { offset: number; text: string } | undefined {
    const found = findFault(area.value) ?? shapeFault(area.value)
    area.setAttribute('aria-invalid', String(found !== undefined))
    fault.textContent = found?.text ?? ''
    return found
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  area.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(check, 300)
    remember('request', area.value)
  })
  let leaving = false
  area.addEventListener('keydown', (event) => {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event
    if (key === 'Escape') leaving = true
    else if (key === 'Tab' && !leaving && !shiftKey && !ctrlKey && !altKey && !metaKey) {
      event.preventDefault()
      area.setRangeText('  ', area.selectionStart, area.selectionEnd, 'end')
      area.dispatchEvent(new Event('input'))
    } else if (key !== 'Shift') leaving = false
  })
  area.addEventListener('blur', () => {
    leaving = false
  })

  return {
    read() {
      const found = check()
      if (found === undefined) return parseExactly(area.value) as JobRequest
      area.focus()
      area.setSelectionRange(found.offset, found.offset)
      announce(found.text)
      return undefined
    },
  }
}

function findFault(text: string): { offset: number; text: string } | undefined {
  const found = findJsonFault(text)
  if (found === undefined) return undefined
  return { ...found, text: `Line ${found.line}, column ${found.column}: ${found.text}` }
}

/** A request is an object with an `input`. */
function shapeFault(text: string): { offset: number; text: string } | undefined {
  const value: unknown = JSON.parse(text)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isObject && 'input' in value) return undefined
  return { offset: 0, text: 'The request is an object with a member "input"' }
}
