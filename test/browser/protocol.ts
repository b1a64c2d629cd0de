/** A session of the Chrome DevTools Protocol with one page. */
export interface Protocol {
  /** Calls a method and resolves with its result. */
  call(method: string, parameters?: object): Promise<Record<string, unknown>>
  /** Resolves with the parameters of the next event of a name. */
  next(event: string): Promise<Record<string, unknown>>
  on(event: string, listener: (parameters: Record<string, unknown>) => void): void
  close(): void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** Connects to a browser's WebSocket and opens a page of its own. */
export async function connect(endpoint: string): Promise<Protocol> {
  const socket = new WebSocket(endpoint)
  const calls = new Map<number, (message: Message) => void>()
  const listeners = new Map<string, ((parameters: Record<string, unknown>) => void)[]>()
  let sessionId: string | undefined
  let last = 0
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error(`Cannot connect to ${endpoint}`)))
  })
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data))
    const { id, method, params = {} } = message
    if (id !== undefined) {
      calls.get(id)?.(message)
      calls.delete(id)
    } else for (const listener of listeners.get(method ?? '') ?? []) listener(params)
  })

  async function call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++last
    const answer = new Promise<Message>((resolve) => calls.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }))
    const { error, result = {} } = await answer
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }
  function on(event: string, listener: (parameters: Record<string, unknown>) => void): void {
    listeners.set(event, [...(listeners.get(event) ?? []), listener])
  }

  const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
  const attached = await call('Target.attachToTarget', { targetId, flatten: true })
  sessionId = String(attached['sessionId'])
  return {
    call,
    on,
    next: (event) =>
      new Promise((resolve) => {
        const once = (parameters: Record<string, unknown>) => {
          listeners.set(
            event,
            (listeners.get(event) ?? []).filter((one) => one !== once),
          )
          resolve(parameters)
        }
        on(event, once)
      }),
    close: () => socket.close(),
  }
}
