import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

// In a process of its own: V8 counts for all of them, and only in what is loaded afterwards.
const script = `
const { Coverage } = await import(process.argv[1] + 'coverage.ts')
const { explore } = await import(process.argv[1] + 'explore.ts')
const coverage = process.argv[2] === 'guided' ? new Coverage() : undefined
const { climb } = await import('data:text/javascript;/src/,export function climb(text) { if (text[0] === 113) { if (text[1] === 119) { if (text[2] === 122) { if (text[3] === 121) { throw new Error("reached") } } } } }')
const target = { seeds: [new Uint8Array(4)], dictionary: [], check: climb }
const { failure } = explore({ target, seed: 3, coverage, goesOn: ({ runs }) => runs < 200_000 })
console.log(failure === undefined ? 'missed' : 'found')
`

it('finds by coverage what chance alone does not', async () => {
  const folder = new URL('.', import.meta.url).href
  const answers = ['guided', 'blind'].map(async (how) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--input-type=module', '--eval', script, folder, how],
    ])
    return stdout.trim()
  })
  expect(await Promise.all(answers)).toEqual(['found', 'missed'])
})
