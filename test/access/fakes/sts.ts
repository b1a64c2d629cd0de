import { createHash, createHmac } from 'node:crypto'
import type { IncomingResponse, OutgoingRequest } from '../../../src/platform.ts'
import { answer } from '../../intake/memory-store.ts'

/** What one request asked for. */
export interface StsAsked {
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: Headers
  readonly url: string
  /** Id of the key that signed; undefined when nobody did. */
  readonly signer: string | undefined
}

/** An STS that checks who asks, as AWS documents it, by code of its own. */
export interface FakeSts {
  readonly asked: StsAsked[]
  /** Secrets by access id. */
  readonly keys: Map<string, { secret: string; token?: string }>
  /** What it answers in place of keys, one a request; `undefined` for keys. */
  readonly answers: (IncomingResponse | Error | Promise<never> | undefined)[]
  /** Whether sessions may assume the role again: radosgw's trust policies let them. */
  chains: boolean
  /** Lets `Expiration` be another than was asked for. */
  expiration: (seconds: number) => string
  send(request: OutgoingRequest): Promise<IncomingResponse>
}

export const sessionSecret = 'session+secret/0123456789abcdefghijklmnop'
export const sessionToken = `FwoGZXIvYXdzE${'Token+/'.repeat(60)}==`

/** `region` is what signatures must be bound to; `now` the clock that they are held against. */
export function createFakeSts(options: { region: string; now(): number }): FakeSts {
  const sts: FakeSts = {
    asked: [],
    keys: new Map(),
    answers: [],
    chains: false,
    expiration: (seconds) => new Date(options.now() + seconds * 1000).toISOString(),
    async send({ method, url, headers, body, signal }) {
      if (method !== 'POST') return fault(403, 'MissingAction', 'POST only')
      if (!(body instanceof Uint8Array)) throw new Error('The form is a stream')
      const text = Buffer.from(body).toString()
      if (text.includes('+')) return fault(400, 'MalformedPolicyDocument', 'plus')
      const parameters = Object.fromEntries(new URLSearchParams(text))
      const signer = headers.get('authorization') === null ? undefined : check()
      sts.asked.push({ parameters, headers, url, signer })
      const isChained = signer?.startsWith('ASIA')
      if (isChained && !sts.chains) return fault(403, 'AccessDenied', 'Sessions may not')
      const scripted = isChained ? undefined : await sts.answers.shift()
      if (scripted instanceof Error) throw scripted
      if (scripted !== undefined) return scripted
      signal?.throwIfAborted()
      const { Action: action, DurationSeconds: seconds } = parameters
      const accessId = `ASIA${createHash('md5').update(text).digest('hex').slice(0, 16).toUpperCase()}`
      sts.keys.set(accessId, { secret: sessionSecret, token: sessionToken })
      return answer(
        200,
        `<?xml version="1.0"?>\n${stsXml({
          ...{ action: action ?? '', accessId, secret: sessionSecret, token: sessionToken },
          expiration: sts.expiration(Number(seconds)),
        })}`,
      )

      function check(): string {
        const match =
          /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/sts\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
            headers.get('authorization') ?? '',
          )
        if (match === null) throw new Error('The signature has another form')
        const [, id = '', date = '', region = '', names = '', signature] = match
        const key = sts.keys.get(id)
        const time = headers.get('x-amz-date') ?? ''
        const { host, pathname } = new URL(url)
        const lines = names
          .split(';')
          .map((name) => `${name}:${name === 'host' ? host : headers.get(name)}\n`)
        const bodyHash = createHash('sha256').update(text).digest('hex')
        const canonical = `POST\n${pathname}\n\n${lines.join('')}\n${names}\n${bodyHash}`
        const hash = createHash('sha256').update(canonical).digest('hex')
        const scope = `${date}/${region}/sts/aws4_request`
        let derived: string | Buffer = `AWS4${key?.secret}`
        for (const step of scope.split('/')) {
          derived = createHmac('sha256', derived).update(step).digest()
        }
        const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`
        const expected = createHmac('sha256', derived).update(toSign).digest('hex')
        const at = time.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
        const isRight =
          key !== undefined &&
          signature === expected &&
          region === options.region &&
          time.startsWith(date) &&
          Math.abs(Date.parse(at) - options.now()) < 300_000 &&
          ['host', 'x-amz-date', 'content-type'].every((name) => names.split(';').includes(name)) &&
          (headers.get('x-amz-security-token') ?? undefined) === key.token
        if (!isRight) throw new Error('The signature is wrong')
        return id
      }
    },
  }
  return sts
}

/** An answer with keys, written as AWS's API reference shows it. */
export function stsXml(fields: {
  readonly action: string
  readonly accessId?: string
  readonly secret?: string
  readonly token?: string
  readonly expiration?: string
}): string {
  const { action, accessId, secret, token, expiration } = fields
  const element = (name: string, value: string | undefined) =>
    value === undefined ? '' : `<${name}>${value}</${name}>`
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${action}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/job/name</Arn></AssumedRoleUser>
    <Credentials>
      ${element('AccessKeyId', accessId)}
      ${element('SecretAccessKey', secret)}
      ${element('SessionToken', token)}
      ${element('Expiration', expiration)}
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </${action}Result>
  <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
</${action}Response>`
}

/** An error, written as AWS's API reference shows it. */
export function fault(status: number, code: string, message = ''): IncomingResponse {
  return answer(
    status,
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>` +
      `<Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  )
}

/** An error as radosgw writes it. */
export function rgwFault(status: number, code: string): IncomingResponse {
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><RequestId>tx0</RequestId><HostId>a</HostId></Error>`
  return answer(status, xml)
}
