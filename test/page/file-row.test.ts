import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFileRow } from '../../src/page/file-row.ts'

const { view } = vi.hoisted(() => {
  const button = () => Object.assign(new EventTarget(), { value: 'image' })
  const show = () => {}
  const view = { place: button(), toggle: button(), remove: button(), show, setShare: show }
  return { view }
})
vi.mock('../../src/page/row-view.ts', () => ({ createRowView: () => view }))
vi.mock('../../src/page/elements.ts', () => ({ announce: () => {} }))
vi.mock('../../src/page/unfinished.ts', async (original) => ({
  ...(await original<typeof import('../../src/page/unfinished.ts')>()),
  forgetUnfinished: (_: Storage, uploadId: string) => forgotten.push(uploadId),
}))

const forgotten: string[] = []
const traits = { name: 'a.png', size: 5, lastModified: 1 }
const abortUpload = vi.fn(async () => {})
let key = 'key-1'
let endpointId = 'demo'
interface Sent {
  readonly endpointId: string
  readonly signal: AbortSignal
  land(ref: string): void
}
const sent: Sent[] = []
/** An upload that goes on until it is told to have landed, or is stopped. */
function upload(endpointId: string, _: File, { signal }: { signal: AbortSignal }) {
  return new Promise((resolve, reject) => {
    const expiresAt = '2999-01-01T00:00:00.000Z'
    const land = (ref: string) => resolve({ ref, uploadId: ref, expiresAt })
    sent.push({ endpointId, signal, land })
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}
const caller = {
  baseUrl: 'http://127.0.0.1',
  endpointId: () => endpointId,
  key: () => key,
  client: () => ({ abortUpload, upload }) as never,
  isReady: () => true,
  onChange: () => {},
}
const landed = {
  ...{ ...traits, path: 'image', endpointId: 'demo', ref: 'bulkway:u1', uploadId: 'u1' },
  expiresAt: '2999-01-01T00:00:00.000Z',
}
const onRemove = vi.fn()
let status = 500

beforeEach(() => {
  forgotten.length = 0
  sent.length = 0
  key = 'key-1'
  endpointId = 'demo'
  abortUpload.mockClear()
  onRemove.mockClear()
  for (const name of ['place', 'toggle', 'remove'] as const) {
    view[name] = Object.assign(new EventTarget(), { value: 'image' })
  }
  vi.stubGlobal('localStorage', {})
  vi.stubGlobal('fetch', async () => new Response('{}', { status }))
})
afterEach(() => {
  vi.unstubAllGlobals()
})
function createRow(isShared: boolean, more: object = { uploadId: 'u1' }) {
  const common = { caller, traits, path: 'image', endpointId: 'demo', onChange: () => {}, onRemove }
  return createFileRow({ ...common, isShared: () => isShared, ...more })
}

test('removes what nobody needs from the store', () => {
  createRow(false)
  view.remove.dispatchEvent(new Event('click'))

  expect(abortUpload).toHaveBeenCalledWith('demo', 'u1')
  expect(forgotten).toEqual(['u1'])
  expect(onRemove).toHaveBeenCalledOnce()
})

test('leaves a file that has landed, for a job may wait for it', () => {
  createRow(false, { uploadId: 'u1', landed })
  view.remove.dispatchEvent(new Event('click'))

  expect(abortUpload).not.toHaveBeenCalled()
  expect(onRemove).toHaveBeenCalledOnce()
})

test('leaves an upload that is another row’s too', () => {
  createRow(true)
  view.remove.dispatchEvent(new Event('click'))

  expect(abortUpload).not.toHaveBeenCalled()
  expect(forgotten).toEqual([])
  expect(onRemove).toHaveBeenCalledOnce()
})

test.each([
  [404, []],
  [410, ['u1']],
])('hides what the gateway answers %s to, and then forgets %j', async (answered, gone) => {
  status = answered
  createRow(false)
  await vi.waitFor(() => expect(onRemove).toHaveBeenCalledOnce())

  expect(forgotten).toEqual(gone)
  expect(abortUpload).not.toHaveBeenCalled()
})

test.each<[string, () => void]>([
  ['endpoint', () => (endpointId = 'other')],
  ['caller', () => (key = 'key-2')],
])(
  'sends a file again for another %s, whether it has landed or is on its way',
  async (_, change) => {
    const row = createRow(false, { file: new File(['bytes'], 'a.png') })
    const first = row.ref()
    change()
    const second = row.ref()
    await expect(first).rejects.toBeDefined()
    expect(sent.map(({ signal }) => signal.aborted)).toEqual([true, false])
    expect(row.ref()).toBe(second)
    sent[1]?.land('bulkway:two')
    expect(await second).toBe('bulkway:two')
    expect(await row.ref()).toBe('bulkway:two')
    expect(sent[1]?.endpointId).toBe(endpointId)

    key = 'key-1'
    endpointId = 'demo'
    const third = row.ref()
    sent[2]?.land('bulkway:three')
    expect(await third).toBe('bulkway:three')
  },
)
