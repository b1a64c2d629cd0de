import type { ConfigFault } from './config-error.ts'
import { PRESETS } from './presets.ts'
import { type NamedStore, presetOf } from './store-provider.ts'

/** AWS's longest session, whatever the role says. */
const awsLongestSeconds = 43_200

/** Notes what AWS would refuse of a role, where the store is AWS's; other servers name roles as they like. */
export function checkRole(
  store: NamedStore,
  role: { readonly roleArn: string; readonly maxSeconds?: number },
  pointer: string,
  faults: ConfigFault[],
): void {
  if (presetOf(store) !== PRESETS.aws) return
  const { roleArn, maxSeconds = 0 } = role
  const isChina = URL.parse(store.endpoint)?.hostname.endsWith('.cn') === true
  const form = isChina
    ? /^arn:aws-cn:iam::\d{12}:role\/./
    : /^arn:aws(?!-cn)[a-z-]*:iam::\d{12}:role\/./
  if (!form.test(roleArn)) {
    const partition = isChina ? 'aws-cn' : 'aws'
    const message = `must be the ARN of an IAM role, such as arn:${partition}:iam::123456789012:role/bulkway`
    faults.push({ pointer: `${pointer}/roleArn`, message })
  }
  if (maxSeconds > awsLongestSeconds) {
    const message = `must be ${awsLongestSeconds} or less: AWS gives no longer sessions`
    faults.push({ pointer: `${pointer}/maxSeconds`, message })
  }
}

/** Why AWS cannot have the gateway as provider of identities; undefined where it can. */
export function issuerFault(publicUrl: string): string | undefined {
  const url = URL.parse(publicUrl)
  if (url === null || (url.protocol === 'https:' && url.port === '')) return undefined
  return `AWS takes https issuers without a port only, and the issuer would be ${url.origin} (publicUrl)`
}
