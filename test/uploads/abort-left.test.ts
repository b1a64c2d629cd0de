import { expect, it } from 'vitest'
import { onceBody } from '../../src/bytes/once-body.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { abortLeft } from '../../src/uploads/abort-left.ts'

const pages = [
  { keys: ['shared/a', 'shared/a.old'], next: 'shared/a.old' },
  { keys: ['shared/a', 'shared/b'], next: undefined },
]

it('aborts the uploads of one key, on whichever page they are listed', async () => {
  const aborted: string[] = []
  let asked = 0
  const store: Pick<ObjectStore, 'send' | 'abortUpload'> = {
    async send() {
      const page = asked++
      const { keys = [], next } = pages[page] ?? {}
      const uploads = keys.map(
        (key) => `<Upload><Key>${key}</Key><UploadId>${page}</UploadId></Upload>`,
      )
      const rest = next === undefined ? '' : `<NextKeyMarker>${next}</NextKeyMarker>`
      const cut = `<IsTruncated>${next !== undefined}</IsTruncated>`
      const xml = `<ListMultipartUploadsResult>${uploads.join('')}${cut}${rest}</ListMultipartUploadsResult>`
      return { status: 200, headers: new Headers(), body: onceBody(new TextEncoder().encode(xml)) }
    },
    async abortUpload(key, uploadId) {
      aborted.push(`${key} ${uploadId}`)
    },
  }
  await abortLeft(store, 'shared/a')
  expect(aborted).toEqual(['shared/a 0', 'shared/a 1'])
})
