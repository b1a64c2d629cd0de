import type { RequestAccess } from '../../src/http/call.ts'

/** What a runtime knows of a request, for one that never was on a wire. */
export const requestAccess: RequestAccess = {
  bodyOf(context) {
    const { body } = context.req.raw
    if (body === null) return undefined
    const reader = body.getReader()
    return {
      read: async () => (await reader.read()).value,
      cancel: (reason) => reader.cancel(reason),
      stream: () => body,
    }
  },
  targetOf(context) {
    const { pathname, search } = new URL(context.req.url)
    return pathname + search
  },
}
