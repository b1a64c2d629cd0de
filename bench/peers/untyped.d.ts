/** As much of it as is used here: it comes without types. */
declare module 'busboy' {
  import type { IncomingHttpHeaders } from 'node:http'
  import type { Readable, Writable } from 'node:stream'

  interface Busboy extends Writable {
    on(event: 'field', listener: (name: string, value: string) => void): this
    on(
      event: 'file',
      listener: (name: string, file: Readable, facts: { readonly mimeType: string }) => void,
    ): this
    on(event: string, listener: (...given: unknown[]) => void): this
  }
  export default function busboy(options: { readonly headers: IncomingHttpHeaders }): Busboy
}
