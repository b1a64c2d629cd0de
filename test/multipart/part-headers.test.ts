import { expect, test } from 'vitest'
import { readPartHeaders } from '../../src/multipart/part-headers.ts'

const read = (...lines: string[]) => readPartHeaders(Buffer.from(lines.join('\r\n')))
const disposition = 'Content-Disposition: form-data; name=a'

test.each([
  ['Content-Type:a/b', 'a/b'],
  ['Content-Type \t: \t a/b \t ', 'a/b'],
  ['Content-Type: a/b; \t c=d\t', 'a/b; \t c=d'],
  ['Content-Type: \u00a0a/b\u00a0', '\u00a0a/b\u00a0'],
  ['Content-Type: a:b', 'a:b'],
])('the value of %j has no blanks around it', (line, contentType) => {
  expect(read(disposition, line)).toEqual({ name: 'a', contentType })
})

test.each(['Content-Type:', 'Content-Type: \t \t'])('%j says nothing', (line) => {
  expect(read(disposition, line)).toEqual({ name: 'a' })
})

test.each(['Content-Type', ': a/b', 'Content Type: a/b', 'Content-Type: a\0b', ' : '])(
  '%j is no header',
  (line) => {
    expect(read(disposition, 'X: y', line.startsWith(' ') ? `;${line}` : line)).toBe(
      'Send part headers of the form "name: value"',
    )
  },
)

test.each([
  ['between', (many: string) => `Content-Type: a${many}b`],
  ['before', (many: string) => `Content-Type: ${many}b`],
  ['after', (many: string) => `Content-Type: a${many}`],
  ['in front of a colon that is not there', (many: string) => `a${many}b`],
])('blanks %s take time in proportion', (_, make) => {
  const line = make(' \t'.repeat(100_000))
  const before = process.cpuUsage()
  read(disposition, line)
  const { user, system } = process.cpuUsage(before)
  // The square of it would be half a minute.
  expect((user + system) / 1000).toBeLessThan(1000)
})
