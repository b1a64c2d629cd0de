import type { Reply } from '../../src/platform.ts'

/** The text of a flow's answer, taken to its end as a client does. */
export async function readReply({ body }: Reply): Promise<string> {
  if (body === undefined || body instanceof Uint8Array) return Buffer.from(body ?? []).toString()
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return Buffer.concat(chunks).toString()
}
