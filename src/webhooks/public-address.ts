import ipaddr from 'ipaddr.js'

/** Cloud hosts answer their machines' metadata here, on an address that looks public (Azure). */
const hostOnly = ipaddr.IPv4.parse('168.63.129.16')
const globalUnicast = ipaddr.IPv6.parse('2000::')

/** `canonical` is the one spelling of the address; the other facts decide whether it may be a target. */
export interface AddressFacts {
  readonly canonical: string
  readonly scope: 'public' | 'loopback' | 'refused'
}

/**
 * Judges one address as a resolver gives it. Of IPv6 only global unicast space (2000::/3) is public,
 * and of that nothing that stands for an IPv4 address or is set aside: so IPv4-mapped, -compatible
 * and -translated, NAT64, 6to4 and Teredo forms are refused, whatever they embed.
 */
export function judgeAddress(text: string): AddressFacts {
  // The parser also takes octal, hex and short forms and zones, which no resolver gives.
  if (
    !/^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$/i.test(text) ||
    !ipaddr.isValid(text)
  ) {
    return { canonical: text, scope: 'refused' }
  }
  const address = ipaddr.parse(text)
  const canonical = address.toString()
  const range = address.range()
  if (range === 'loopback') return { canonical, scope: 'loopback' }
  const isGlobal =
    address instanceof ipaddr.IPv6 ? address.match(globalUnicast, 3) : !address.match(hostOnly, 32)
  return { canonical, scope: isGlobal && range === 'unicast' ? 'public' : 'refused' }
}
