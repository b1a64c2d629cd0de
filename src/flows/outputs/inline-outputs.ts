import type { Grant } from '../../grants/grant.ts'
import { realKey } from '../../grants/mount-path.ts'
import { createOutputEncoder, type OutputEncoder } from '../../outputs/encode-output.ts'
import { readFileLink } from '../../outputs/file-link.ts'
import { outputMarker, parseDetails } from '../../outputs/output-reference.ts'
import { type FoundReference, ReferenceFinder } from '../../outputs/splice-outputs.ts'
import type { Body } from '../../platform.ts'
import type { Deps } from '../deps.ts'
import { openOutput } from './open-output.ts'
import { createReferences, type ReferredOutput } from './resolve-reference.ts'

/** Files of JSON that refer to files of JSON. */
const depthMax = 8

type Source = Pick<Body, 'read' | 'cancel'>

/**
 * An answer in whose JSON each reference to an output of the job, and each link that stands for one
 * in a kept result, is the value itself: streamed from the store, all else byte for byte. What goes
 * beyond the endpoint's limits, or is stored compressed, stays a link. Reading fails where the store does: what is cut off
 * must not look whole.
 */
export function inlineOutputs(deps: Deps, grant: Grant, body: Source): Body {
  const { config, keyring, platform } = deps
  const filesUrl = `${config.publicUrl}/files/`
  const references = createReferences(deps, [grant])
  const endpoint = config.endpoint(grant.endpointId)
  let bytesLeft = endpoint?.inlineMaxBytes ?? 0
  let objectsLeft = endpoint?.inlineMaxObjects ?? 0
  let isLimited = false

  async function outputOf(text: string): Promise<ReferredOutput | undefined> {
    if (text.startsWith(outputMarker)) return await references.resolve(text)
    const match = /^([^/?#]+)\/[^#]*#(.*)$/.exec(text.slice(filesUrl.length))
    const details = parseDetails(match?.[2] ?? '')
    if (details === undefined) return undefined
    const link = await readFileLink(keyring, match?.[1] ?? '', platform.now())
    return link?.grantId === grant.grantId ? { ...details, grant, path: link.path } : undefined
  }

  /** The value of a reference, or what stands there instead. */
  async function open({ text, raw }: FoundReference, depth: number): Promise<Source | Uint8Array> {
    const output = await outputOf(text)
    const key = output && realKey(grant, output.path, 'read')
    const store = deps.store(grant.storeId)
    if (output === undefined || key === undefined || store === undefined) return raw
    if (depth === depthMax || objectsLeft === 0 || (output.bytes ?? 0) > bytesLeft) return tooMuch()
    objectsLeft--
    const opened = await openOutput(deps, store, key)
    if (opened === undefined) {
      references.refuse('missing', grant)
      return masked(text, raw)
    }
    if (opened === 'compressed') return raw
    if (opened.bytes > bytesLeft) {
      await opened.cancel()
      return tooMuch()
    }
    bytesLeft -= opened.bytes
    const value = encoded(opened, createOutputEncoder(platform.bytes, output.as, output.type))
    return output.as === 'json' ? spliced(value, depth + 1) : value

    function tooMuch(): Uint8Array {
      // Once an answer, which may have any number of them.
      if (!isLimited) deps.log.write('warn', { event: 'inline_limit', endpoint: grant.endpointId })
      isLimited = true
      return raw
    }
  }

  function spliced(source: Source, depth: number): Source {
    const finder = new ReferenceFinder(platform.bytes, [outputMarker, filesUrl])
    return splice(source, finder, (found) => open(found, depth))
  }

  const outgoing = { length: undefined, ...spliced(body, 0) }
  return { ...outgoing, stream: () => platform.toStream(outgoing) }
}

/** A text in which what the finder finds is replaced by what `open` makes of it. */
function splice(
  source: Source,
  finder: ReferenceFinder,
  open: (found: FoundReference) => Promise<Source | Uint8Array>,
): Source {
  let pieces: (Uint8Array | FoundReference)[] = []
  let value: Source | undefined
  let state: 'open' | 'ended' | 'cancelled' = 'open'

  async function next(): Promise<Uint8Array | 'done' | undefined> {
    if (value !== undefined) {
      const chunk = await value.read()
      if (chunk === undefined) value = undefined
      return chunk
    }
    const piece = pieces.shift()
    if (piece instanceof Uint8Array) return piece
    if (piece !== undefined) {
      const opened = await open(piece)
      if (opened instanceof Uint8Array) return opened
      value = opened
      if (state === 'cancelled') await value.cancel()
      return undefined
    }
    if (state === 'ended') return 'done'
    const chunk = await source.read()
    pieces = chunk === undefined ? finder.end() : finder.write(chunk)
    if (chunk === undefined && state === 'open') state = 'ended'
    return undefined
  }

  return {
    async read() {
      while (state !== 'cancelled') {
        const chunk = await next()
        if (chunk === 'done') return undefined
        if (chunk !== undefined && chunk.length > 0) return chunk
      }
      return undefined
    },
    async cancel(reason) {
      state = 'cancelled'
      await Promise.all([value?.cancel(reason), source.cancel(reason)])
    },
  }
}

/** A file as a JSON value. */
function encoded(file: Source, encoder: OutputEncoder): Source {
  let stage: 'lead' | 'bytes' | 'over' = 'lead'
  return {
    async read() {
      if (stage === 'over') return undefined
      if (stage === 'lead') {
        stage = 'bytes'
        return encoder.begin()
      }
      const chunk = await file.read()
      if (chunk !== undefined) return encoder.write(chunk)
      stage = 'over'
      return encoder.end()
    },
    cancel: (reason) => file.cancel(reason),
  }
}

/** The reference without the id of the job's keys, so that nobody takes it for one again. */
function masked(text: string, raw: Uint8Array): Uint8Array {
  if (!text.startsWith(outputMarker)) return raw
  const rest = text.slice(outputMarker.length)
  const idLength = rest.indexOf('/')
  const stars = outputMarker + '*'.repeat(idLength) + rest.slice(idLength)
  return new TextEncoder().encode(JSON.stringify(stars))
}
