import { type Client, type ClientOptions, createClient } from '../client/client.ts'
import { announce, byId } from './elements.ts'
import { remember, type Session } from './session.ts'

/** Who calls, and which endpoint, as the two fields at the top say. */
export interface Caller {
  /** The gateway's URL: the page's own folder. */
  readonly baseUrl: string
  endpointId(): string
  key(): string
  client(onRetry?: ClientOptions['onRetry']): Client
  /** Whether both fields are filled in; puts the focus into the first that is not, where asked to. */
  isReady(focus?: 'focus'): boolean
  /** Calls back when either field has changed. */
  onChange(listener: () => void): void
}

/** Takes over the fields. */
export function createCaller(session: Session): Caller {
  const endpoint = byId('endpoint', HTMLInputElement)
  const key = byId('key', HTMLInputElement)
  const baseUrl = new URL('.', location.href).href.replace(/\/$/, '')
  endpoint.value = session.endpointId
  key.value = session.key
  const listeners: (() => void)[] = []
  for (const field of [endpoint, key]) {
    field.addEventListener('input', () => field.removeAttribute('aria-invalid'))
    field.addEventListener('change', () => {
      field.value = field.value.trim()
      remember('endpointId', endpoint.value)
      remember('key', key.value)
      for (const listener of listeners) listener()
    })
  }
  return {
    baseUrl,
    endpointId: () => endpoint.value.trim(),
    key: () => key.value.trim(),
    client: (onRetry) =>
      createClient({
        baseUrl,
        token: () => key.value.trim(),
        ...(onRetry !== undefined && { onRetry }),
      }),
    isReady(focus) {
      const missing = [endpoint, key].find((field) => field.value.trim() === '')
      if (missing !== undefined && focus !== undefined) {
        missing.setAttribute('aria-invalid', 'true')
        missing.focus()
        announce(missing === endpoint ? 'The endpoint id is missing' : 'The key is missing')
      }
      return missing === undefined
    },
    onChange: (listener) => void listeners.push(listener),
  }
}
