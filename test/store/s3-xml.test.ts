import { describe, expect, test } from 'vitest'
import { readCompleted, readListPage, readPartsPage } from '../../src/store/s3-xml.ts'

describe('characters that a store names by number, as those in Go do', () => {
  test('are read in keys, once', () => {
    const key = 'a&#34;b&#39;c&#xA;d&amp;#34;e&#x1F600;'
    const xml = `<ListBucketResult><Contents><Key>${key}</Key><Size>1</Size></Contents></ListBucketResult>`
    expect(readListPage(xml)?.objects).toEqual([{ key: `a"b'c\nd&#34;e😀`, size: 1 }])
  })

  test('are read in ETags', () => {
    const part = '<Part><PartNumber>1</PartNumber><ETag>&#34;x&#34;</ETag><Size>5</Size></Part>'
    expect(readPartsPage(`<ListPartsResult>${part}</ListPartsResult>`)?.parts).toEqual([
      { partNumber: 1, etag: '"x"', size: 5 },
    ])
    const done =
      '<CompleteMultipartUploadResult><ETag>&#34;y-2&#34;</ETag></CompleteMultipartUploadResult>'
    expect(readCompleted(done)).toBe('"y-2"')
  })
})
