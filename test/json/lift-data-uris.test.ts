import { describe, expect, it } from 'vitest'
import { compileRules } from '../../src/json/pointer.ts'
import type { SplicerOptions } from '../../src/json/splicer.ts'
import { everyCut, splice, utf8 } from './splice.ts'

const base64 = Buffer.from('some twenty bytes of it').toString('base64')
const dataUri = `data:image/png;base64,${base64}`
const options: Partial<SplicerOptions> = { lift: false, liftDataUris: true, stageMinBytes: 30 }

function liftedFrom(text: string, changes: Partial<SplicerOptions> = {}): string[] {
  const found = new Set<string>()
  for (const chunks of everyCut(utf8(text))) {
    const { payloads, residue } = splice(chunks, { ...options, ...changes })
    for (const { content, payload } of payloads) {
      expect(content.toString()).toBe('some twenty bytes of it')
      expect(payload).toMatchObject({ dataUri: true, mediaType: 'image/png' })
    }
    expect(residue.bytes.length).toBeLessThanOrEqual(text.length)
    found.add(JSON.stringify(payloads.map(({ payload }) => payload.pointer)))
  }
  expect(found.size).toBe(1)
  return JSON.parse([...found][0] ?? '')
}

describe('data URIs lifted wherever they are', () => {
  it('are lifted outside of input too, and nothing else is', () => {
    const bare = base64.repeat(3)
    const text = JSON.stringify({
      model: bare,
      messages: [{ content: [{ image_url: { url: dataUri } }, { input_audio: { data: bare } }] }],
      input: bare,
      tools: { input: [dataUri.replace('data', 'DATA'), 'data:', 'dat', `d${bare}`] },
    })
    expect(liftedFrom(text)).toEqual(['/messages/0/content/0/image_url/url', '/tools/input/0'])
  })

  it('stay where they are too small for it, or a rule says so', () => {
    const text = JSON.stringify({ a: dataUri, b: dataUri })
    expect(liftedFrom(text, { stageMinBytes: 100 })).toEqual([])
    const rules = compileRules([{ pointer: '/a', stage: false, encoding: 'base64' as const }])
    expect(liftedFrom(text, { rules })).toEqual(['/b'])
  })

  it('do not make a payload of what ends while it might still become one', () => {
    const text = JSON.stringify({ a: ['d', 'data', 'data:image/png;base64', '', 'data:,'] })
    expect(liftedFrom(text, { stageMinBytes: 1 })).toEqual([])
  })

  it('do not make a payload of frames side by side, which are many files', () => {
    const frames = (type: string) => `data:${type};base64,${base64},${base64}`
    for (const type of ['video/jpeg', 'VIDEO/JPEG;fps=1']) {
      expect(liftedFrom(JSON.stringify({ a: frames(type), b: dataUri }))).toEqual(['/b'])
    }
  })
})

describe('bare base64 where a rule lets it be lifted by size', () => {
  const rules = compileRules([
    { pointer: '/audio/*/data', encoding: 'base64' as const, bare: true },
  ])

  function found(text: string, changes: Partial<SplicerOptions> = {}): object[] {
    const all = new Set<string>()
    for (const chunks of everyCut(utf8(text))) {
      const { payloads } = splice(chunks, { ...options, rules, ...changes })
      for (const { content } of payloads) expect(`${content}`).toBe('some twenty bytes of it')
      all.add(JSON.stringify(payloads.map(({ payload }) => payload)))
    }
    expect(all.size).toBe(1)
    return JSON.parse([...all][0] ?? '')
  }

  it('is lifted there and nowhere else, beside data URIs', () => {
    const text = JSON.stringify({
      audio: [{ data: base64, other: base64 }, { data: dataUri }, { data: 'short' }],
      data: base64,
      n: [1, 'x'],
    })
    expect(found(text)).toMatchObject([
      { pointer: '/audio/0/data', dataUri: false, encoding: 'base64' },
      { pointer: '/audio/1/data', dataUri: true, mediaType: 'image/png' },
    ])
  })

  it('stays where nothing is lifted, is too small or is text', () => {
    const text = JSON.stringify({ audio: [{ data: base64 }, { data: `no base64, ${base64}` }] })
    expect(found(text)).toHaveLength(1)
    expect(found(text, { stageMinBytes: 100 })).toEqual([])
    expect(found(text, { liftDataUris: false })).toEqual([])
  })
})
