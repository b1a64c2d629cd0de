import { expect } from 'vitest'
import { connect } from './protocol.ts'

/** One page of the browser, as somebody uses it. */
export interface Page {
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>
  /** The text of the first element that a selector finds; the empty string where there is none. */
  text(selector: string): Promise<string>
  /** Waits until the text of an element matches. */
  expectText(selector: string, pattern: RegExp, timeoutMs?: number): Promise<void>
  click(selector: string): Promise<void>
  /** Types over what is in a field. */
  fill(selector: string, text: string): Promise<void>
  /** Presses a key, such as `Tab`, `Shift+Tab` or `Enter`. */
  press(key: string): Promise<void>
  type(text: string): Promise<void>
  /** Chooses files as the picker would. */
  choose(selector: string, paths: readonly string[]): Promise<void>
  /** Drops files onto an element. */
  drop(selector: string, paths: readonly string[]): Promise<void>
  /** Takes the network away, or gives it back. */
  offline(isOffline: boolean): Promise<void>
  look(options: {
    scheme?: 'light' | 'dark'
    width?: number
    height?: number
    reducedMotion?: boolean
  }): Promise<void>
  /** A PNG of what is in view. */
  screenshot(): Promise<Buffer>
  /** What the console and the policy have complained of. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

const codes: Readonly<Record<string, { code: number; text?: string }>> = {
  Tab: { code: 9 },
  Enter: { code: 13, text: '\r' },
  Escape: { code: 27 },
  ' ': { code: 32, text: ' ' },
  ArrowDown: { code: 40 },
  End: { code: 35 },
}

/** Opens a page at a browser's endpoint. */
export async function openPage(endpoint: string): Promise<Page> {
  const { call, next, on, close } = await connect(endpoint)
  const complaints: string[] = []
  for (const domain of ['Page', 'Runtime', 'DOM', 'Log']) await call(`${domain}.enable`)
  on('Log.entryAdded', ({ entry }) => {
    // A request that is refused is no fault of the page.
    const { source } = entry as { source: string }
    if (source !== 'network') complaints.push(JSON.stringify(entry))
  })
  on('Runtime.exceptionThrown', (parameters) => complaints.push(JSON.stringify(parameters)))

  async function evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: T }; exceptionDetails?: object }
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return result.value
  }
  const element = (selector: string) => `document.querySelector(${JSON.stringify(selector)})`
  const text = (selector: string) => evaluate<string>(`${element(selector)}?.innerText ?? ''`)

  async function press(key: string): Promise<void> {
    const names = key.split('+')
    const name = names.pop() ?? ''
    const modifiers = (names.includes('Shift') ? 8 : 0) + (names.includes('Control') ? 2 : 0)
    const { code, text } = codes[name] ?? { code: name.toUpperCase().charCodeAt(0), text: name }
    const about = { key: name, code: name, windowsVirtualKeyCode: code, modifiers }
    const typed = text === undefined || modifiers > 0 ? {} : { text }
    const type = 'text' in typed ? 'keyDown' : 'rawKeyDown'
    await call('Input.dispatchKeyEvent', { type, ...about, ...typed })
    await call('Input.dispatchKeyEvent', { type: 'keyUp', ...about })
  }
  async function arrive(go: () => Promise<unknown>): Promise<void> {
    const loaded = next('Page.loadEventFired')
    await go()
    await loaded
  }
  async function centreOf(selector: string): Promise<{ x: number; y: number }> {
    return await evaluate(`(() => {
      const one = ${element(selector)}
      one.scrollIntoView({ block: 'center' })
      const { x, y, width, height } = one.getBoundingClientRect()
      return { x: x + width / 2, y: y + height / 2 }
    })()`)
  }

  return {
    complaints,
    evaluate,
    text,
    press,
    goto: (url) => arrive(() => call('Page.navigate', { url })),
    reload: () => arrive(() => call('Page.reload')),
    async expectText(selector, pattern, timeoutMs = 60_000) {
      await expect
        .poll(() => text(selector), { timeout: timeoutMs, interval: 100 })
        .toMatch(pattern)
    },
    async click(selector) {
      const at = { ...(await centreOf(selector)), button: 'left', clickCount: 1 }
      await call('Input.dispatchMouseEvent', { type: 'mousePressed', ...at })
      await call('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at })
    },
    async fill(selector, content) {
      await evaluate(`${element(selector)}.focus(), ${element(selector)}.select()`)
      await call('Input.insertText', { text: content })
      await evaluate(`${element(selector)}.blur()`)
    },
    async type(content) {
      await call('Input.insertText', { text: content })
    },
    async choose(selector, files) {
      const { result } = await call('Runtime.evaluate', { expression: element(selector) })
      const { objectId } = result as { objectId: string }
      await call('DOM.setFileInputFiles', { files, objectId })
    },
    async drop(selector, files) {
      const at = await centreOf(selector)
      const data = { items: [], files, dragOperationsMask: 1 }
      for (const type of ['dragEnter', 'dragOver', 'drop']) {
        await call('Input.dispatchDragEvent', { type, ...at, data })
      }
    },
    async offline(isOffline) {
      await call('Network.enable')
      await call('Network.emulateNetworkConditions', {
        offline: isOffline,
        ...{ latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
      })
    },
    async look({ scheme = 'light', width = 1280, height = 800, reducedMotion = false }) {
      await call('Emulation.setEmulatedMedia', {
        features: [
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: reducedMotion ? 'reduce' : 'no-preference' },
        ],
      })
      const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 600 }
      await call('Emulation.setDeviceMetricsOverride', metrics)
    },
    async screenshot() {
      const { data } = await call('Page.captureScreenshot', { format: 'png' })
      return Buffer.from(String(data), 'base64')
    },
    async close() {
      await call('Page.close')
      close()
    },
  }
}
