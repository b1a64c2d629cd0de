import { DEFAULTS } from '../contract/defaults.gen.ts'
import { checkDataCenters } from './check-data-centers.ts'
import { checkNativeAccess } from './check-native-access.ts'
import { checkVolumeAccess } from './check-volume-access.ts'
import type { EndpointConfig, RuleConfig } from './config.ts'
import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'
import { readLoadBalancer } from './read-load-balancer.ts'
import { readRetentionConfig } from './read-retention.ts'
import type { SecretReader } from './read-secrets.ts'
import { readSessions } from './read-sessions.ts'

type EndpointDocument = ConfigDocument['endpoints'][string]

/** Reads the endpoints, each merged over `*`; the result looks one up by its checked id. */
export function readEndpoints(
  document: ConfigDocument,
  readSecret: SecretReader,
  faults: ConfigFault[],
): (endpointId: string) => EndpointConfig | undefined {
  const shared = document.endpoints['*']
  const endpoints = new Map<string, EndpointConfig>()
  const { mode } = document.auth
  const withKeys = mode !== 'passthrough'
  const onlyShared = Object.keys(document.endpoints).length === 1

  for (const [id, own] of Object.entries(document.endpoints)) {
    const place = `/endpoints/${id}`
    const at = (field: keyof EndpointDocument) =>
      own[field] === undefined && shared?.[field] !== undefined
        ? `/endpoints/*/${field}`
        : `${place}/${field}`
    const merged = { ...DEFAULTS.ConfigEndpoint, ...shared, ...own }
    const { as, store, upstreamKey } = merged
    checkStore(merged, document, at, faults)
    checkAccess(merged, at, faults)
    checkNativeAccess({ ...merged, s3Config: s3ConfigOf(merged) }, document, at, faults)
    checkVolumeAccess(merged, document, at, faults)
    checkDataCenters(merged, document, at, faults)
    if (withKeys && upstreamKey === undefined && (id !== '*' || onlyShared)) {
      faults.push({
        pointer: at('upstreamKey'),
        message: `is required where auth.mode is "${mode}"`,
      })
    }
    if (withKeys && upstreamKey === undefined) continue
    endpoints.set(
      id,
      Object.freeze({
        upstream: parseBaseUrl(merged.upstream, at('upstream'), faults),
        ...(upstreamKey && { upstreamKey: readSecret(upstreamKey, at('upstreamKey')) }),
        storeId: store ?? document.stateStore,
        ...(as && { as }),
        access: merged.access,
        s3Config: s3ConfigOf(merged),
        s3ConfigFields: Object.freeze({
          ...DEFAULTS.ConfigS3ConfigFields,
          ...merged.s3ConfigFields,
        }),
        stage: merged.stage,
        stageMinBytes: merged.stageMinBytes,
        rules: Object.freeze(merged.rules.map(readRule)),
        contentAddressed: merged.contentAddressed,
        contentAddressedMaxObjects: merged.contentAddressedMaxObjects,
        runMaxBytes: merged.runMaxBytes,
        runsyncMaxBytes: merged.runsyncMaxBytes,
        outputMaxBytes: merged.outputMaxBytes,
        outputMaxObjects: merged.outputMaxObjects,
        ...(merged.outputs && { outputs: merged.outputs }),
        inlineMaxBytes: merged.inlineMaxBytes,
        inlineMaxObjects: merged.inlineMaxObjects,
        linkOutputKeys: merged.linkOutputKeys,
        files: merged.files,
        graceSeconds: merged.graceSeconds,
        volumes: merged.volumes,
        severalVolumes: merged.severalVolumes,
        ...(merged.retention && {
          retention: readRetentionConfig(merged.retention, at('retention'), faults),
        }),
        volumeWrites: merged.volumeWrites,
        ...(merged.sessions && { sessions: readSessions(merged, at, faults) }),
        ...(merged.loadBalancer && {
          loadBalancer: readLoadBalancer(merged.loadBalancer, at('loadBalancer'), faults),
        }),
      }),
    )
  }
  return (endpointId) => endpoints.get(endpointId) ?? endpoints.get('*')
}

function readRule(rule: NonNullable<EndpointDocument['rules']>[number]): RuleConfig {
  return Object.freeze({ ...DEFAULTS.ConfigRule, ...rule })
}

function s3ConfigOf({ access, outputs, s3Config }: EndpointDocument): EndpointConfig['s3Config'] {
  if (s3Config !== undefined) return s3Config
  if (access === 'none' || access === 'volume') return 'never'
  return outputs === undefined ? 'staged' : 'always'
}

type Place = (field: keyof EndpointDocument) => string

function checkStore(
  endpoint: EndpointDocument,
  { stores }: ConfigDocument,
  at: Place,
  faults: ConfigFault[],
): void {
  const { as, outputs, rules = [], s3Config, store } = endpoint
  if (store !== undefined && !Object.hasOwn(stores, store)) {
    faults.push({ pointer: at('store'), message: `names no store: there is no "${store}"` })
  }
  if (store === undefined && (as !== undefined || rules.some((rule) => rule.as !== undefined))) {
    faults.push({ pointer: at('store'), message: 'is required where "as" is set' })
  } else if (store === undefined && s3Config === 'always') {
    faults.push({ pointer: at('store'), message: 'is required where s3Config is "always"' })
  } else if (store === undefined && outputs !== undefined) {
    faults.push({ pointer: at('store'), message: 'is required where "outputs" is set' })
  }
  rules.forEach((rule, index) => {
    if (rule.stage === true && as === undefined && rule.as === undefined) {
      const message = 'is required, here or at the endpoint, where "stage" is true'
      faults.push({ pointer: `${at('rules')}/${index}/as`, message })
    }
  })
}

function checkAccess(endpoint: EndpointDocument, at: Place, faults: ConfigFault[]): void {
  const { access, as, outputs, rules = [], s3Config } = endpoint
  const isWithout = access === 'none' || access === 'volume'
  if (isWithout && s3Config !== undefined && s3Config !== 'never') {
    const message = `must be "never" where access is "${access}", not "${s3Config}"`
    faults.push({ pointer: at('s3Config'), message })
  }
  if (s3ConfigOf(endpoint) !== 'never') return
  const why = isWithout ? `access is "${access}"` : 's3Config is "never"'
  const refuse = (pointer: string, form: string | undefined) => {
    // A path needs no keys; whether the worker has a volume is another question.
    if (form === undefined || form === 'url' || form === 'path') return
    const message = `must not be "${form}" where ${why}: the worker could not fetch it`
    faults.push({ pointer, message })
  }
  if (outputs !== undefined) {
    const message = `must not be "${outputs}" where ${why}: the worker could not leave an output`
    faults.push({ pointer: at('outputs'), message })
  }
  refuse(at('as'), as)
  rules.forEach((rule, index) => {
    refuse(`${at('rules')}/${index}/as`, rule.as)
  })
}
