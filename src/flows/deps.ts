import type { Minter } from '../access/minter.ts'
import type { TokenIssuer } from '../access/token-issuer.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import type { ClientTokens } from '../auth/client-token.ts'
import type { Proof } from '../auth/proof.ts'
import type { Recent } from '../cache/recent.ts'
import type { Config, NativeAccess } from '../config/config.ts'
import type { Keyring } from '../config/keyring.ts'
import type { BatchNotes } from '../grants/batch-notes.ts'
import type { Grants } from '../grants/grant.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Body, Platform } from '../platform.ts'
import type { CompiledSecrets } from '../scrub/scrubber.ts'
import type { BufferPool } from '../store/buffer-pool.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Uploads } from '../uploads/upload.ts'
import type { Upstream } from '../upstream/client.ts'
import type { VolumeCheck } from './volume/volume-check.ts'

/** Everything a flow may use; built on the roof, one per process or isolate. */
export interface Deps {
  readonly config: Config
  readonly platform: Platform
  readonly keyring: Keyring
  readonly log: Log
  readonly metrics: Metrics
  readonly pool: BufferPool
  store(storeId: string): ObjectStore | undefined
  readonly stateStore: ObjectStore
  readonly grants: Grants
  readonly batches: BatchNotes
  readonly uploads: Uploads
  /** By grantId; a grant's secrets never change. */
  readonly compiled: Recent<CompiledSecrets>
  readonly upstream: Upstream
  readonly jobBucketMinter: Minter
  /** Undefined where the store's configuration does not say how. */
  nativeMinter(storeId: string, access: NativeAccess): Minter | undefined
  /** The gateway as OpenID Connect issuer, where it is one. */
  readonly issuer: TokenIssuer | undefined
  readonly authenticate: Authenticator
  /** In `keys` mode, where there are any. */
  readonly clientTokens: ClientTokens | undefined
  readonly proof: Proof
  /** Where volumes are looked up. */
  readonly volumeCheck?: VolumeCheck
}

/** One request to an endpoint, freed of the framework. */
export interface Call {
  /** For the log and for S3 XML. */
  readonly requestId: string
  readonly method: string
  readonly endpointId: string
  /** Raw query with its `?`, or the empty string. */
  readonly search: string
  readonly headers: Headers
  readonly body: Body | undefined
  /** Whether the client has left; absent where the runtime cannot tell. */
  isGone?(): boolean
  /** Content-Length in bytes; undefined when the body is chunked. */
  readonly contentLength: number | undefined
}
