import { GatewayError } from '../../errors.ts'
import { kindOf, type WatchedMember } from '../../json/residue.ts'
import { elementsAt, type Member, membersAt, type Span, valueAt } from '../../json/walk.ts'
import { type LiftedRequest, s3ConfigNames } from '../lift-payloads.ts'
import type { ItemsPlan } from './plan-items.ts'

/** One request of a batch: where it lies in the document, and itself as if it had come alone. */
export interface BatchItem extends Span {
  readonly lifted: LiftedRequest
}

const ownMembers: ReadonlySet<string> = new Set(['input', 'webhook', 'policy'])

/**
 * Those requests of a body whose payloads are in the store that concern the gateway, in order; none
 * where the body has no list of requests: what is wrong with it upstream shall say. With `always` all
 * that are jobs concern it.
 *
 * @throws {GatewayError} invalid_request for a list that is there twice, and for files outside of it
 */
export function splitItems(lifted: LiftedRequest, plan: ItemsPlan, always: boolean): BatchItem[] {
  const { bytes, members, payloads } = lifted.residue
  const { above, depth, folderOf } = plan.items
  const byItem = <Found>(found: readonly Found[], pointerOf: (one: Found) => string) =>
    Map.groupBy(found, (one) => plan.items.itemAt(pointerOf(one)))
  const payloadsOf = byItem(payloads, ({ payload }) => payload.pointer)
  const stagedOf = byItem(lifted.staged, ({ payload }) => payload.pointer)
  const refsOf = byItem(lifted.refs, ({ pointer }) => pointer)
  const configs = members.filter(({ name }) => s3ConfigNames.has(name))
  const configsOf = byItem(configs, ({ pointer }) => pointer)
  const items: BatchItem[] = []
  let files = 0
  let number = -1

  for (const span of listOf(bytes, above)) {
    number++
    const own = [...membersAt(bytes, span.start)].filter(({ name }) => ownMembers.has(name))
    const staged = stagedOf.get(number) ?? []
    const refs = refsOf.get(number) ?? []
    const configs = configsOf.get(number) ?? []
    files += staged.length + refs.length
    const hasFiles = staged.length + refs.length > 0
    const isAsked = always || configs.length > 0 || own.some(({ name }) => name === 'webhook')
    if (!hasFiles && !(isAsked && own.some((member) => isInput(bytes, member)))) continue
    const pointer = `${above}/${number}`
    const moved = <Place extends Span>(place: Place): Place => ({
      ...place,
      start: place.start - span.start,
      end: place.end - span.start,
    })
    const watched: WatchedMember[] = own.map(({ name, value }) => {
      return { name, pointer: `/${name}`, depth: 1, ...value }
    })
    const deeper = configs.map((member) => ({
      ...member,
      depth: member.depth - depth + 1,
      pointer: member.pointer.slice(pointer.length),
    }))
    const folder = folderOf(pointer)
    items.push({
      ...span,
      lifted: {
        residue: {
          bytes: bytes.subarray(span.start, span.end),
          payloads: (payloadsOf.get(number) ?? []).map(({ at, payload }) => {
            return { at: at - span.start, payload }
          }),
          members: [...watched, ...deeper].map(moved),
          refs: refs.map(moved),
          topLevel: 'object',
        },
        staged,
        files: [],
        refs: refs.map(moved),
        stageId: folder.grantId,
        stageDay: folder.day,
        concernsUs: true,
      },
    })
  }
  if (files < lifted.staged.length + lifted.refs.length) {
    throw new GatewayError('invalid_request', 'Put files into the requests of the batch alone', {
      pointer: above,
    })
  }
  return items
}

/** @throws {GatewayError} invalid_request */
function listOf(bytes: Uint8Array, above: string): Iterable<Span> {
  const { start } = valueAt(bytes, 0)
  if (above === '') return elementsAt(bytes, start)
  const lists = [...membersAt(bytes, start)].filter(({ name }) => `/${name}` === above)
  const [list, another] = lists
  if (another !== undefined) {
    const detail = 'Send the list of requests once'
    throw new GatewayError('invalid_request', detail, { pointer: above })
  }
  return list === undefined ? [] : elementsAt(bytes, list.value.start)
}

function isInput(bytes: Uint8Array, { name, value }: Member): boolean {
  return name === 'input' && kindOf(bytes[value.start] ?? 0) === 'object'
}
