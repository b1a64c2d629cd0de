import { make } from './elements.ts'
import { formatBytes } from './format.ts'
import type { FileTraits } from './unfinished.ts'

/**
 * `idle`: nobody has begun; `absent`: begun earlier, and the file is not at hand; `sending`, `paused`,
 * `failed`; `landed`: there is a ref.
 */
export type RowState = 'idle' | 'absent' | 'sending' | 'paused' | 'failed' | 'landed'

/** What a row looks like. */
export interface RowView {
  readonly element: HTMLLIElement
  readonly place: HTMLInputElement
  readonly toggle: HTMLButtonElement
  readonly remove: HTMLButtonElement
  show(state: RowState, text: string): void
  /** Share of the file that is there, 0 to 1. */
  setShare(share: number): void
}

const toggles: Readonly<Record<RowState, string | undefined>> = {
  idle: 'Upload',
  absent: undefined,
  sending: 'Pause',
  paused: 'Resume',
  failed: 'Try again',
  landed: undefined,
}

/** Creates the row of a file. */
export function createRowView({ name, size }: FileTraits, path: string): RowView {
  const place = make('input', { value: path, spellcheck: false, autocomplete: 'off' })
  place.setAttribute('aria-label', `Place of ${name} in the input, names with dots between them`)
  place.setAttribute('autocapitalize', 'none')
  const toggle = make('button', { type: 'button' })
  const remove = make('button', { type: 'button', textContent: 'Remove' })
  remove.setAttribute('aria-label', `Remove ${name}`)
  const progress = make('progress', { max: 1, value: 0 })
  progress.setAttribute('aria-label', `Upload of ${name}`)
  const said = make('p', { className: 'state' })
  const sized = make('span', { className: 'size', textContent: ` ${formatBytes(size)}` })
  const element = make(
    'li',
    { className: 'row' },
    make('span', { className: 'name' }, name, sized),
    make('span', { className: 'buttons' }, toggle, remove),
    make('span', { className: 'place' }, 'input.', place),
    progress,
    said,
  )
  return {
    element,
    place,
    toggle,
    remove,
    show(state, text) {
      element.dataset['state'] = state
      const label = toggles[state]
      // A button that vanishes takes the focus along.
      const hadFocus = document.activeElement === toggle
      toggle.hidden = label === undefined
      toggle.textContent = label ?? ''
      toggle.setAttribute('aria-label', `${label ?? ''} ${name}`.trim())
      if (hadFocus && toggle.hidden) remove.focus()
      progress.hidden = state === 'idle' || state === 'landed'
      said.textContent = text
    },
    setShare(share) {
      progress.value = share
    },
  }
}
