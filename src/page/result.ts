import type { Job } from '../client/client.ts'
import { byId, make } from './elements.ts'
import { type Found, findMedia } from './find-media.ts'

/** Longer texts are cut in the view, and files within them sooner; what is saved is whole. */
const shownCharacters = 2_000
const shownOfFile = 80

let saved: string | undefined

/** Shows what came of a job: media, links, and all of it as JSON. */
export function showResult(job: Job): void {
  const found = findMedia(job.output)
  byId('media', HTMLDivElement).replaceChildren(
    ...found.filter(({ kind }) => kind !== 'file').map(figureOf),
  )
  byId('links', HTMLUListElement).replaceChildren(
    ...found.filter(({ kind }) => kind === 'file').map((one) => make('li', {}, linkTo(one))),
  )
  byId('json', HTMLPreElement).textContent = JSON.stringify(job, shorten, 2)
  if (saved !== undefined) URL.revokeObjectURL(saved)
  saved = URL.createObjectURL(
    new Blob([JSON.stringify(job, null, 2)], { type: 'application/json' }),
  )
  const save = byId('save', HTMLAnchorElement)
  save.href = saved
  save.download = `${job.id.replace(/[^\w.-]/g, '_')}.json`
  byId('result', HTMLElement).hidden = false
}

/** Takes the last result away. */
export function hideResult(): void {
  byId('result', HTMLElement).hidden = true
  byId('media', HTMLDivElement).replaceChildren()
}

function figureOf(found: Found): HTMLElement {
  const { kind, url, path, name } = found
  const media =
    kind === 'image'
      ? make('img', { alt: `Output ${path}`, src: url })
      : make(kind === 'video' ? 'video' : 'audio', {
          src: url,
          controls: true,
          preload: 'metadata',
        })
  if (kind !== 'image') media.setAttribute('aria-label', `Output ${path}`)
  const caption = make('figcaption', {}, path === '' ? '' : `${path} · `, linkTo(found))
  media.addEventListener('error', () => {
    media.remove()
    caption.append(` cannot be shown here`)
  })
  media.title = name
  return make('figure', {}, media, caption)
}

function linkTo({ url, name }: Found): HTMLAnchorElement {
  return make('a', {
    href: url,
    download: name,
    target: '_blank',
    rel: 'noopener noreferrer',
    textContent: name,
    ariaLabel: `Download ${name}`,
  })
}

function shorten(_: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  const most = value.startsWith('data:') ? shownOfFile : shownCharacters
  if (value.length <= most) return value
  return `${value.slice(0, shownOfFile)}… (${value.length} characters)`
}
