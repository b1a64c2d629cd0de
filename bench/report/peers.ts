/** Who runs beside the gateway, where it comes from and what it cannot do. */
export interface Peer {
  readonly name: string
  /** Names in `versions`, of what it is built on. */
  readonly builtOn: readonly string[]
  readonly does: string
  readonly cannot: string
}

export const peers: readonly Peer[] = [
  {
    name: 'naive gateway',
    builtOn: ['node'],
    does: '`await request.json()`, `Buffer.from(value, "base64")`, `PutObject` of the AWS SDK, `JSON.stringify`, forward',
    cannot:
      'Take a body over V8’s longest string, 536,870,888 characters; the body is in memory about five times over; nothing leaves before all has arrived.',
  },
  {
    name: 'stream-json',
    builtOn: ['stream-json', 'node'],
    does: 'The same gateway over its tokens (strings in pieces, not packed): a string’s pieces are decoded and sent as parts as they come',
    cannot:
      'Keep the body’s bytes: everything that passes becomes tokens and is written anew, so spacing and the spelling of escapes are lost; each character becomes a JavaScript string first.',
  },
  {
    name: '@streamparser/json',
    builtOn: ['@streamparser/json', 'node'],
    does: 'The same gateway over its tokenizer, its fastest part; `PutObject` as the naive one',
    cannot:
      'Hand out a string before its end: a body is in memory nearly four times over, as pieces, text and bytes; a string over the runtime’s longest fails.',
  },
  {
    name: '@tus/server with @tus/s3-store',
    builtOn: ['@tus/server', '@tus/s3-store', 'node'],
    does: 'Raw bytes by tus `PATCH`, into an S3 multipart upload by way of files on disk',
    cannot:
      'Read JSON: it needs a tus client, an upload before the request, and a request that names it; the request itself, its secrets and its results are left to others.',
  },
  {
    name: 'busboy with @aws-sdk/lib-storage',
    builtOn: ['busboy', '@aws-sdk/lib-storage', 'node'],
    does: 'A `node:http` server that reads a form and stores its files in parts as they come',
    cannot:
      'Take a form apart into a request: which field goes where, whose it is, what a worker may read and when it all goes are left to others.',
  },
  {
    name: 'boto3 `upload_file`',
    builtOn: ['boto3', 'python'],
    does: 'A file in parts, several at a time, each signed by the program itself',
    cannot:
      'Work without the store’s own key, in a browser, or after an interruption: it begins anew.',
  },
  {
    name: 'nginx proxy_pass',
    builtOn: ['nginx'],
    does: 'Passes the body through, with `proxy_request_buffering` on (by way of a file) and off',
    cannot:
      'Take a payload out of a body or put one in a store, scrub a response, or give a job credentials: the upstream gets the whole body.',
  },
]
