import type { ExpiryRule } from './expiry-rules.ts'
import { escapeText, memberOf, pieces } from './xml-text.ts'

/** A bucket's lifecycle configuration, each rule as it was written. */
export function readLifecycle(xml: string): string[] {
  return pieces(xml, 'Rule')
}

/** What a rule says, as far as the gateway's own rules go. */
export function readExpiryRule(rule: string): Partial<ExpiryRule> {
  const expireDays = memberOf(memberOf(rule, 'Expiration') ?? '', 'Days')
  const abortDays = memberOf(rule, 'DaysAfterInitiation')
  return {
    id: memberOf(rule, 'ID') ?? '',
    prefix: memberOf(rule, 'Prefix') ?? '',
    ...(expireDays === undefined ? {} : { expireDays: Number(expireDays) }),
    ...(abortDays === undefined ? {} : { abortDays: Number(abortDays) }),
  }
}

/** Our own rules after those of others, which stay as they were. */
export function writeLifecycle(
  others: readonly string[],
  own: readonly ExpiryRule[],
  withAborts: boolean,
): string {
  const rules = own.map(
    ({ id, prefix, expireDays, abortDays }) =>
      `<Rule><ID>${escapeText(id)}</ID><Filter><Prefix>${escapeText(prefix)}</Prefix></Filter>` +
      `<Status>Enabled</Status><Expiration><Days>${expireDays}</Days></Expiration>` +
      (withAborts
        ? `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${abortDays}</DaysAfterInitiation>` +
          '</AbortIncompleteMultipartUpload>'
        : '') +
      '</Rule>',
  )
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
  return `<LifecycleConfiguration xmlns="${namespace}">${[...others, ...rules].join('')}</LifecycleConfiguration>`
}
