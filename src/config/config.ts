import type { Secret } from '../log.ts'
import type { RetentionConfig } from './read-retention.ts'
import type { RunpodConfig } from './read-runpod.ts'
import type { StoreConfig } from './store-config.ts'

export type {
  B2Config,
  R2Config,
  StoreConfig,
  StsConfig,
  VolumeConfig,
  VolumeMember,
  WebIdentityConfig,
} from './store-config.ts'

/** Rules for secrets that are told by their shape, as `docs/security.md` describes them. */
export type ShapeRule =
  | 'aws-error'
  | 'aws-secret'
  | 'runpod-key'
  | 'gateway-key'
  | 'presigned-url'
  | 'huggingface-token'
  | 'github-token'

/** What a worker is given in place of a payload. */
export type PayloadForm = 'key' | 's3-uri' | 'url' | 'original' | 'path'

/** How a job gets keys of the store itself. */
export type NativeAccess = 'sts' | 'web-identity' | 'r2' | 'b2'

/** What the fields of `s3Config` are called; the last three are left out where they have no name. */
export interface S3ConfigFieldNames {
  readonly accessId: string
  readonly accessSecret: string
  readonly bucketName: string
  readonly endpointUrl: string
  readonly sessionToken?: string
  readonly region?: string
  readonly keyPrefix?: string
}

/** How values at a JSON Pointer pattern (`*` stands for one token) are treated. */
export interface RuleConfig {
  readonly pointer: string
  /** True: always staged, whatever its size; false: never. Absent: by size, as elsewhere. */
  readonly stage?: boolean
  readonly mediaType?: string
  /** `base64` decodes, `text` stages the string's own UTF-8. */
  readonly encoding: 'base64' | 'text'
  readonly as?: PayloadForm
}

/** The load-balancing side of an endpoint. */
export interface LoadBalancerConfig {
  /** Base URL without a trailing slash; `{endpointId}` in it stands for the endpoint's id. */
  readonly upstream: string
  readonly maxBytes: number
  readonly idleTimeoutMs: number
  /** Lower-case names of headers that pass both ways beside those that always do. */
  readonly headers: readonly string[]
  /** Pointers into the whole body. */
  readonly rules: readonly RuleConfig[]
  readonly proof: 'health' | 'ping'
}

/** Directories that outlive jobs. */
export interface SessionsConfig {
  readonly exclusive: boolean
  readonly keepSeconds: number
  readonly waitSeconds: number
  /** What one session may hold. */
  readonly maxBytes: number
  readonly maxObjects: number
}

export interface EndpointConfig {
  /** Base URL up to and including `/v2`, no trailing slash. */
  readonly upstream: string
  /** The gateway's own key for this endpoint; needed but in `passthrough` mode. */
  readonly upstreamKey?: Secret
  /** Where payloads and outputs are kept; the state store when the endpoint names none. */
  readonly storeId: string
  /** What the worker is given in place of a payload; absent: nothing is staged, over-limit bodies are 413. */
  readonly as?: PayloadForm
  readonly access: 'job-bucket' | 'volume' | NativeAccess | 'none'
  readonly s3Config: 'staged' | 'always' | 'never'
  readonly s3ConfigFields: S3ConfigFieldNames
  readonly stage: 'over-limit' | 'always'
  readonly stageMinBytes: number
  /** Whether staged files are named by their content and stored once, and how many of one request. */
  readonly contentAddressed: boolean
  readonly contentAddressedMaxObjects: number
  readonly rules: readonly RuleConfig[]
  readonly runMaxBytes: number
  readonly runsyncMaxBytes: number
  /** Bytes and objects that one job may keep as outputs in its job bucket. */
  readonly outputMaxBytes: number
  readonly outputMaxObjects: number
  /** What stands for a large output in an answer; absent: a link, and the endpoint declares none. */
  readonly outputs?: 'link' | 'inline'
  /** Bytes and files that are put back into one answer. */
  readonly inlineMaxBytes: number
  readonly inlineMaxObjects: number
  /** Whether strings that are keys of the job's own outputs become links. */
  readonly linkOutputKeys: boolean
  /** How links to a job's files are answered; `redirect` where the store has presigned URLs. */
  readonly files: 'stream' | 'redirect'
  /** Seconds after a job's end until its staged files may be deleted. */
  readonly graceSeconds: number
  /** Whether the endpoint's network volumes are looked up, and whether it may have several. */
  readonly volumes: 'configured' | 'lookup'
  readonly severalVolumes: 'all' | 'refuse'
  /** Absent: `job`, and requests may ask for nothing else. */
  readonly retention?: RetentionConfig
  /** Absent: a request that names a session is refused. */
  readonly sessions?: SessionsConfig
  /** Whether its jobs take turns on an exclusive volume. */
  readonly volumeWrites: boolean
  /** Absent: there is nothing under `/lb/{endpointId}`. */
  readonly loadBalancer?: LoadBalancerConfig
}

export interface KeyConfig {
  readonly name: string
  /** Lower-case hex SHA-256 of the key's text. */
  readonly sha256: string
  /** Endpoint ids, or `*`. */
  readonly endpoints: readonly string[]
  readonly scopes: readonly 'admin'[]
  /** Bytes that one request or upload may have at most. */
  readonly maxBytes?: number
}

/** Whose tokens are accepted, and what their claims are called. */
export interface JwtConfig {
  readonly mode: 'jwt'
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
  readonly algorithms: readonly string[]
  readonly endpointsClaim: string
  readonly maxBytesClaim: string
  readonly scopesClaim: string
}

export interface Config {
  /** Where clients, workers and the platform reach the gateway; no trailing slash. */
  readonly publicUrl: string
  /** `endpointUrl` of the job bucket; default `{publicUrl}/s3`. */
  readonly jobBucketUrl: string
  readonly stores: ReadonlyMap<string, StoreConfig>
  readonly stateStoreId: string
  /** Ids of the endpoints that have settings, `*` among them. */
  readonly endpointIds: readonly string[]
  /** Settings of an endpoint: its own over those of `*`; undefined when neither exists. */
  endpoint(endpointId: string): EndpointConfig | undefined
  readonly staging: {
    readonly partBytes: number
    readonly partsInFlight: number
    /** Where the document says nothing, as many as suit the runtime (32 on Node, 6 on Workers). */
    readonly poolParts: number
  }
  readonly uploads: {
    readonly partBytes: number
    /** Bytes of the largest file. */
    readonly maxBytes: number
    /** Parts that are signed at a time. */
    readonly signedParts: number
    readonly openSeconds: number
    readonly keepSeconds: number
    readonly persist: boolean
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
    /** Requests that one call may add to a batch and the gateway has to look after. */
    readonly batchItems: number
    readonly mintTimeoutMs: number
    readonly formParts: number
    readonly formNameBytes: number
    readonly formHeaderBytes: number
    /** Keys of a job's outputs that are read for one answer. */
    readonly listedOutputs: number
    /** One file of a form, or a raw body. */
    readonly payloadBytes: number
  }
  readonly auth:
    | { readonly mode: 'passthrough'; readonly proofSeconds: number }
    | {
        readonly mode: 'keys'
        readonly keys: readonly KeyConfig[]
        /** Longest life of a client token in seconds; 0: there are none. */
        readonly tokenMaxSeconds: number
      }
    | JwtConfig
  /** Pages of other origins that may call from a browser. */
  readonly cors?: { readonly origins: readonly string[]; readonly maxAgeSeconds: number }
  /** The gateway as OpenID Connect issuer. */
  readonly oidc?: {
    /** Origin of `publicUrl`: the `iss` of its tokens. */
    readonly issuer: string
    /** Private keys, PEM (PKCS #8), each perhaps with its certificate; the first signs. */
    readonly signingKeys: Secret
    readonly tokenSeconds: number
  }
  readonly webhooks: {
    readonly durable: boolean
    /** Ed25519 private keys, base64 of PKCS #8; all sign. */
    readonly signingKeys: readonly Secret[]
    readonly ed25519MaxBytes: number
    readonly attemptSeconds: number
    readonly pollSeconds: number
  }
  /** The sweep that a cron trigger starts. */
  readonly sweep: {
    readonly cron: string
    readonly requests: number
    readonly requestsPerSecond: number
  }
  /** Absent: no endpoint's volumes are looked up. */
  readonly runpod?: RunpodConfig
  /** Names of the rules for secrets that are told by their shape. */
  readonly scrub: { readonly shapes: readonly ShapeRule[] }
  /** Webhook targets on loopback and plain http are allowed: development only. */
  readonly allowLoopbackWebhooks: boolean
  /** First one is used for new things, all are accepted. */
  readonly masterKeys: readonly { readonly kid: string; readonly key: Secret }[]
}
