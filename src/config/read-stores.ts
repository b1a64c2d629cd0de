import { DEFAULTS } from '../contract/defaults.gen.ts'
import type { Secret } from '../log.ts'
import { checkPreset } from './check-preset.ts'
import { checkRole } from './check-role.ts'
import type { B2Config, StoreConfig, StsConfig, WebIdentityConfig } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'
import { PRESETS, type PresetName } from './presets.ts'
import { fillForm, readPlace } from './read-place.ts'
import type { SecretReader } from './read-secrets.ts'
import { checkNoVolume, checkSharedVolumes, readVolume } from './read-volume.ts'
import { presetOf, readHost } from './store-provider.ts'

type StoreDocument = ConfigDocument['stores'][string]
type SecretReference = StoreDocument['accessKeyId']

/** One store while it is read. */
interface Reading {
  readonly document: StoreDocument
  readonly preset: PresetName
  /** Pointer of the store. */
  readonly pointer: string
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
  readonly readSecret: SecretReader
  readonly faults: ConfigFault[]
}

/** Reads the stores, each with what it needs to issue keys of its own. */
export function readStores(
  { stores }: ConfigDocument,
  readSecret: SecretReader,
  faults: ConfigFault[],
): ReadonlyMap<string, StoreConfig> {
  const read = new Map<string, StoreConfig>()
  for (const [id, document] of Object.entries(stores)) {
    const pointer = `/stores/${id}`
    const isVolume = document.kind === 'runpod-volume'
    if (!isVolume) checkNoVolume(document, pointer, faults)
    const place = isVolume
      ? { ...readVolume(document, pointer, faults), pathStyle: true, presign: false }
      : readPlace(document, pointer, faults)
    const { endpoint, region } = place
    const accessKeyId = readSecret(document.accessKeyId, `${pointer}/accessKeyId`)
    const secretAccessKey = readSecret(document.secretAccessKey, `${pointer}/secretAccessKey`)
    const keys = { accessKeyId, secretAccessKey }
    const { kind: preset, bucket, pricePerGbMonth } = document
    const reading: Reading = {
      ...{ document, preset, pointer, endpoint, region },
      ...{ ...keys, readSecret, faults },
    }
    const kind = isVolume ? 'runpod-volume' : 's3'
    const sts = readSts(reading)
    const webIdentity = readWebIdentity(reading)
    const b2 = readB2(reading)
    const accountId = readAccount(reading)
    if (!isVolume) checkPreset(document, accessKeyId, pointer, faults)
    read.set(
      id,
      Object.freeze({
        ...{ id, kind, preset, bucket, ...place, ...keys },
        ...(pricePerGbMonth !== undefined && { pricePerGbMonth }),
        ...(sts && { sts }),
        ...(webIdentity && { webIdentity }),
        ...(accountId !== undefined && { r2: Object.freeze({ accountId }) }),
        ...(b2 && { b2 }),
      }),
    )
  }
  checkSharedVolumes(read, faults)
  return read
}

function readAccount(reading: Reading): string | undefined {
  const { document, endpoint, pointer, faults } = reading
  const preset = presetOf(reading)
  if (preset !== PRESETS.r2) return document.r2?.accountId
  const told = readHost(preset, endpoint)?.['accountId'] ?? document.accountId
  const given = document.r2?.accountId
  if (given !== undefined && told !== undefined && given !== told) {
    const message = 'is not the account that the endpoint names'
    faults.push({ pointer: `${pointer}/r2/accountId`, message })
  }
  return given ?? told
}

function readSts(reading: Reading): StsConfig | undefined {
  const { sts } = reading.document
  if (sts === undefined) return undefined
  const pointer = `${reading.pointer}/sts`
  const { accessKeyId, secretAccessKey, endpoint, ...rest } = sts
  checkRole(reading, sts, pointer, reading.faults)
  const [id, secret] = readPair(reading, pointer, [
    ['accessKeyId', accessKeyId],
    ['secretAccessKey', secretAccessKey],
  ])
  return Object.freeze({
    ...DEFAULTS.ConfigStoreSts,
    ...rest,
    endpoint: stsEndpoint(reading, endpoint, `${pointer}/endpoint`),
    accessKeyId: id,
    secretAccessKey: secret,
  })
}

function readWebIdentity(reading: Reading): WebIdentityConfig | undefined {
  const { webIdentity } = reading.document
  if (webIdentity === undefined) return undefined
  const pointer = `${reading.pointer}/webIdentity`
  checkRole(reading, webIdentity, pointer, reading.faults)
  const endpoint = stsEndpoint(reading, webIdentity.endpoint, `${pointer}/endpoint`)
  return Object.freeze({ ...DEFAULTS.ConfigStoreWebIdentity, ...webIdentity, endpoint })
}

function readB2(reading: Reading): B2Config | undefined {
  const { b2 } = reading.document
  if (b2 === undefined) return undefined
  const pointer = `${reading.pointer}/b2`
  const { bucketId, endpoint = DEFAULTS.ConfigStoreB2.endpoint } = b2
  const [keyId, applicationKey] = readPair(reading, pointer, [
    ['keyId', b2.keyId],
    ['applicationKey', b2.applicationKey],
  ])
  // The application key itself is sent there: over https alone.
  const url = parseBaseUrl(endpoint, `${pointer}/endpoint`, reading.faults)
  return Object.freeze({ bucketId, endpoint: url, keyId, applicationKey })
}

/** The regional STS beside AWS and Wasabi; other servers answer for both at one address. */
function stsEndpoint(reading: Reading, given: string | undefined, pointer: string): string {
  const { endpoint, region, faults } = reading
  const { sts: form } = presetOf(reading).keys
  const sts = form && fillForm(form, { region })
  // Its answers hold keys, and web identity sends a bearer token: over https alone.
  return parseBaseUrl(given ?? sts ?? endpoint, pointer, faults)
}

/** Two secrets that belong together, or the store's own where neither is given. */
function readPair(
  { accessKeyId, secretAccessKey, readSecret, faults }: Reading,
  pointer: string,
  [[idName, id], [secretName, secret]]: readonly [NamedReference, NamedReference],
): readonly [Secret, Secret] {
  if (id === undefined && secret === undefined) return [accessKeyId, secretAccessKey]
  if (id === undefined)
    faults.push({ pointer: `${pointer}/${idName}`, message: `is required beside ${secretName}` })
  if (secret === undefined)
    faults.push({ pointer: `${pointer}/${secretName}`, message: `is required beside ${idName}` })
  return [
    id === undefined ? accessKeyId : readSecret(id, `${pointer}/${idName}`),
    secret === undefined ? secretAccessKey : readSecret(secret, `${pointer}/${secretName}`),
  ]
}

type NamedReference = readonly [name: string, reference: SecretReference | undefined]
