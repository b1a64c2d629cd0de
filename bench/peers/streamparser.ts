/** The gateway on @streamparser/json: its tokenizer alone, which is its fastest part. */
import { Tokenizer, TokenType } from '@streamparser/json'
import { servePeer } from './peer-server.ts'
import { giantCharacters, putPayload } from './staging.ts'

const punctuation: Partial<Record<TokenType, string>> = {
  [TokenType.LEFT_BRACE]: '{',
  [TokenType.RIGHT_BRACE]: '}',
  [TokenType.LEFT_BRACKET]: '[',
  [TokenType.RIGHT_BRACKET]: ']',
  [TokenType.COLON]: ':',
  [TokenType.COMMA]: ',',
}

await servePeer(async (body) => {
  const tokenizer = new Tokenizer({ stringBufferSize: 64 * 1024 })
  const written: string[] = []
  let payloads: { readonly at: number; readonly text: string }[] = []
  tokenizer.onToken = ({ token, value }) => {
    if (token === TokenType.STRING && String(value).length >= giantCharacters) {
      payloads.push({ at: written.length, text: String(value) })
      written.push('')
    } else {
      written.push(punctuation[token] ?? JSON.stringify(value))
    }
  }
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    tokenizer.write(chunk as Buffer)
    for (const { at, text } of payloads) {
      written[at] = JSON.stringify(await putPayload(Buffer.from(text, 'base64')))
    }
    payloads = []
  }
  return written.join('')
})
