/** The gateway on stream-json: tokens in, strings in pieces, the JSON written anew. */
import parser, { type Token } from 'stream-json/parser.js'
import { JsonWriter } from './json-writer.ts'
import { servePeer } from './peer-server.ts'
import { giantCharacters, PayloadUpload } from './staging.ts'

await servePeer(async (body) => {
  const writer = new JsonWriter()
  let held = ''
  let upload: PayloadUpload | undefined
  const tokens: AsyncIterable<Token> = body.pipe(
    parser.asStream({
      packValues: true,
      streamValues: false,
      packStrings: false,
      streamStrings: true,
    }),
  )
  for await (const token of tokens) {
    switch (token.name) {
      case 'startObject':
        writer.open('{')
        break
      case 'endObject':
        writer.close('}')
        break
      case 'startArray':
        writer.open('[')
        break
      case 'endArray':
        writer.close(']')
        break
      case 'keyValue':
        writer.key(token.value)
        break
      case 'startString':
        held = ''
        upload = undefined
        break
      case 'stringChunk':
        if (upload !== undefined) await upload.add(token.value)
        else held += token.value
        if (upload === undefined && held.length >= giantCharacters) {
          upload = new PayloadUpload()
          await upload.add(held)
        }
        break
      case 'endString':
        writer.value(JSON.stringify(upload === undefined ? held : await upload.end()))
        break
      case 'numberValue':
        writer.value(token.value)
        break
      case 'nullValue':
      case 'trueValue':
      case 'falseValue':
        writer.value(String(token.value))
        break
    }
  }
  return writer.text
})
