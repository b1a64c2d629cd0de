import { type Launched, launch } from '../subjects/launch.ts'

/** One giant JSON body, or several at once. */
export interface Upload {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes of base64 text in the body, a multiple of 4. */
  readonly textBytes: number
  /** Default 1. */
  readonly parallel?: number
}

export interface UploadDone {
  readonly seconds: number
  /** Seconds of each. */
  readonly each: readonly number[]
}

/** Many small requests on kept connections. */
export interface Burst {
  readonly url: string
  /** Default POST. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly requests: number
  readonly concurrency: number
}

export interface BurstDone {
  readonly seconds: number
  /** Seconds of each request, in the order of their ends. */
  readonly latencies: readonly number[]
}

export interface Download {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface DownloadDone {
  readonly seconds: number
  readonly bytes: number
}

/** The load client; every method throws when an answer is no 200. */
export interface Load {
  upload(upload: Upload): Promise<UploadDone>
  burst(burst: Burst): Promise<BurstDone>
  download(download: Download): Promise<DownloadDone>
  /** Lower-case hex SHA-256 of the decoded payload that `upload` sends. */
  hash(textBytes: number): Promise<string>
  stop(): Promise<void>
}

/** Starts the load client as a process of its own. */
export async function startLoad(): Promise<Load> {
  const client: Launched = await launch('bench/load/client.ts')
  return {
    upload: (facts) => client.ask('upload', facts),
    burst: (facts) => client.ask('burst', facts),
    download: (facts) => client.ask('download', facts),
    hash: (textBytes) => client.ask('hash', { textBytes }),
    stop: () => client.stop(),
  }
}
