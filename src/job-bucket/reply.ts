import type { Reply } from '../platform.ts'
import type { S3Error } from './s3-error.ts'
import { writeErrorXml, writeXml, type XmlContent } from './xml.ts'

/** Answers with an S3 document. */
export function replyXml(root: string, content: XmlContent): Reply {
  return xmlReply(200, writeXml(root, content))
}

/** Answers with an S3 error; one to a HEAD has no body. */
export function replyError(
  error: S3Error,
  context: { readonly method: string; readonly resource: string; readonly id: string },
): Reply {
  if (context.method === 'HEAD') return { status: error.status, headers: new Headers() }
  const body = writeErrorXml({
    Code: error.code,
    Message: error.detail,
    Resource: context.resource,
    RequestId: context.id,
  })
  const reply = xmlReply(error.status, body)
  if (error.status === 503) reply.headers.set('retry-after', '1')
  return reply
}

function xmlReply(status: number, body: Uint8Array): Reply {
  const headers = new Headers({
    'content-type': 'application/xml',
    'content-length': String(body.length),
  })
  return { status, headers, body }
}
