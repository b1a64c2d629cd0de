import type { Secret } from '../log.ts'

export interface StoreConfig {
  readonly id: string
  readonly kind: 's3'
  /** https://host[:port][/path], without a trailing slash. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly pathStyle: boolean
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
}

/** How values at a JSON Pointer pattern (`*` stands for one token) are treated. */
export interface RuleConfig {
  readonly pointer: string
  /** True: always staged, whatever its size; false: never. Absent: by size, as elsewhere. */
  readonly stage?: boolean
  readonly mediaType?: string
  /** `base64` decodes, `text` stages the string's own UTF-8. */
  readonly encoding: 'base64' | 'text'
  readonly as?: 'key' | 'url'
}

export interface EndpointConfig {
  /** Base URL up to and including `/v2`, no trailing slash. */
  readonly upstream: string
  /** The gateway's own key for this endpoint; needed in `keys` mode. */
  readonly upstreamKey?: Secret
  /** Where payloads and outputs are kept; the state store when the endpoint names none. */
  readonly storeId: string
  /** What the worker is given in place of a payload; absent: nothing is staged, over-limit bodies are 413. */
  readonly as?: 'key' | 'url'
  readonly access: 'job-bucket' | 'none'
  readonly s3Config: 'staged' | 'always' | 'never'
  readonly stage: 'over-limit' | 'always'
  readonly stageMinBytes: number
  readonly rules: readonly RuleConfig[]
  readonly runMaxBytes: number
  readonly runsyncMaxBytes: number
  /** Seconds after a job's end until its staged files may be deleted. */
  readonly graceSeconds: number
}

export interface KeyConfig {
  readonly name: string
  /** Lower-case hex SHA-256 of the key's text. */
  readonly sha256: string
  /** Endpoint ids, or `*`. */
  readonly endpoints: readonly string[]
  readonly scopes: readonly 'admin'[]
}

export interface Config {
  /** Where clients, workers and the platform reach the gateway; no trailing slash. */
  readonly publicUrl: string
  /** `endpointUrl` of the job bucket; default `{publicUrl}/s3`. */
  readonly jobBucketUrl: string
  readonly stores: ReadonlyMap<string, StoreConfig>
  readonly stateStoreId: string
  /** Settings of an endpoint: its own over those of `*`; undefined when neither exists. */
  endpoint(endpointId: string): EndpointConfig | undefined
  readonly staging: {
    readonly partBytes: number
    readonly partsInFlight: number
    /** Where the document says nothing, as many as suit the runtime (32 on Node, 6 on Workers). */
    readonly poolParts: number
  }
  readonly access: {
    readonly linkSeconds: number
    readonly presignSeconds: number
    readonly grantCacheSeconds: number
    /** Added to the job's `policy.ttl`. */
    readonly marginSeconds: number
  }
  readonly limits: {
    readonly nesting: number
    readonly keyBytes: number
    readonly smallBodyBytes: number
    readonly idleTimeoutMs: number
    readonly upstreamIdleTimeoutMs: number
    readonly webhookMaxBytes: number
  }
  readonly auth:
    | { readonly mode: 'passthrough'; readonly proofSeconds: number }
    | { readonly mode: 'keys'; readonly keys: readonly KeyConfig[] }
  /** Webhook targets on loopback and plain http are allowed: development only. */
  readonly allowLoopbackWebhooks: boolean
  /** First one is used for new things, all are accepted. */
  readonly masterKeys: readonly { readonly kid: string; readonly key: Secret }[]
}
