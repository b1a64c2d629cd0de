import type { Uploaded } from '../client/client.ts'
import type { Caller } from './caller.ts'
import { announce } from './elements.ts'
import { explainError } from './explain-error.ts'
import { formatBytes, formatProgress, formatSpan } from './format.ts'
import { readLanded } from './landed.ts'
import { createRowView, type RowState } from './row-view.ts'
import type { LandedFile } from './session.ts'
import {
  callerMark,
  createUploadMemory,
  type FileTraits,
  forgetUnfinished,
  type UploadMemory,
} from './unfinished.ts'

/** One file and its upload. */
export interface FileRow {
  readonly element: HTMLLIElement
  readonly traits: FileTraits
  path(): string
  /** Whether the file itself is at hand. */
  hasFile(): boolean
  /** Whether the upload is for the endpoint and the caller of now. */
  isTheirs(): boolean
  /** The upload, once it has begun. */
  uploadId(): string | undefined
  /** Takes the file, the same one where there was one before, and goes on. */
  give(file: File): void
  /** Begins or goes on, if all that is needed is there; nothing where it has landed. */
  start(): void
  /** The ref, once the file has landed; begins the upload where nobody has. */
  ref(): Promise<string>
  /** What a reload must know of it; undefined before it has landed. */
  landed(): LandedFile | undefined
  /** Pauses; what has landed stays. */
  pause(): void
  focus(): void
}

export interface FileRowOptions {
  readonly caller: Caller
  readonly traits: FileTraits
  readonly path: string
  readonly file?: File
  readonly endpointId: string
  /** Upload that was begun earlier. */
  readonly uploadId?: string
  readonly landed?: LandedFile
  /** Whether another row has the same upload, as one of the same file does. */
  isShared(uploadId: string): boolean
  /** Told whatever a reload must know. */
  onChange(): void
  onRemove(): void
}

type Done = Pick<Uploaded, 'ref' | 'uploadId' | 'expiresAt'>

/** Creates the row of a file that was given, or that an earlier session has begun to send. */
export function createFileRow(options: FileRowOptions): FileRow {
  const { caller, traits, isShared, onChange, onRemove } = options
  const { name, size } = traits
  const view = createRowView(traits, options.path)
  let { file, endpointId, uploadId } = options
  let done: Done | undefined = options.landed
  let memory: UploadMemory | undefined
  let under: Under | undefined
  // Whose `done` or `under` is.
  let mark = callerMark(caller.key())
  const path = () => view.place.value.trim()

  function show(state: RowState, text: string): void {
    view.show(state, text)
  }
  function showDone(): void {
    show('landed', 'Uploaded')
    view.setShare(1)
    onChange()
  }
  function showIdle(): void {
    if (done !== undefined) showDone()
    else if (file === undefined) {
      show('absent', 'Begun earlier: drop the same file to go on')
      void askHowFar()
    } else show('idle', 'Waits for endpoint and key')
  }
  async function askHowFar(): Promise<void> {
    if (uploadId === undefined || !caller.isReady()) return
    const known = await readLanded(caller, endpointId, uploadId)
    if (file !== undefined || known === undefined) return
    if (known.state === 'gone' || known.state === 'unknown') {
      if (known.state === 'gone') forgetUnfinished(localStorage, uploadId)
      onRemove()
    } else if (known.state === 'complete') {
      forgetUnfinished(localStorage, uploadId)
      done = { ...known, uploadId }
      showDone()
    } else {
      view.setShare(size === 0 ? 0 : known.bytes / size)
      const there = `${formatBytes(known.bytes)} of ${formatBytes(size)} are there`
      show('absent', `${there}. Drop the same file to go on`)
    }
  }

  async function send(file: File, stop: AbortController): Promise<string> {
    const client = caller.client(({ delayMs, error }) => {
      const { title } = explainError(error)
      show('sending', `${title}. Trying again in ${formatSpan(delayMs)}`)
    })
    const begun = { ...traits, endpointId, caller: mark }
    memory = createUploadMemory(localStorage, () => ({ ...begun, path: path() }))
    show('sending', 'Starting')
    let quarter = 0
    // Another endpoint or caller may have taken the row over.
    const isOver = () => stop.signal.aborted && under?.stop !== stop
    try {
      const landed = await client.upload(endpointId, file, {
        resume: memory,
        signal: stop.signal,
        onStart(id) {
          if (isOver()) return
          uploadId = id
          memory?.note({ uploadId: id })
        },
        onProgress(progress) {
          if (isOver()) return
          const share = progress.total === 0 ? 1 : progress.bytes / progress.total
          view.setShare(share)
          show('sending', formatProgress(progress))
          if (Math.floor(share * 4) > quarter && share < 1) {
            quarter = Math.floor(share * 4)
            announce(`${name}: ${quarter * 25} %`)
          }
        },
      })
      if (isOver()) throw new Error(`${name} is sent again`)
      done = landed
      uploadId = done.uploadId
      showDone()
      announce(`${name} is uploaded`)
      return done.ref
    } catch (error) {
      if (isOver()) throw error
      if (stop.signal.aborted) {
        show('paused', 'Paused: what has landed stays')
        throw new Error(`${name} is paused`)
      }
      const { title, detail, wayOut } = explainError(error)
      show('failed', `${title}. ${detail}. ${wayOut}`)
      announce(`${name}: ${title}`)
      throw error
    }
  }

  function begin(): Promise<string> {
    if (isGood(done) && isTheirs()) return Promise.resolve(done.ref)
    if (under !== undefined && isTheirs()) return under.ref
    if (file === undefined) {
      return Promise.reject(new Error(`${name} is not at hand: drop it again, or remove it`))
    }
    if (!caller.isReady()) return Promise.reject(new Error('Endpoint or key is missing'))
    if (done !== undefined || !isTheirs()) {
      done = undefined
      uploadId = undefined
    }
    // It stays as far as it is, for whoever it was begun for.
    under?.stop.abort()
    endpointId = caller.endpointId()
    mark = callerMark(caller.key())
    const stop = new AbortController()
    const own = { stop, ref: send(file, stop) }
    under = own
    const ended = () => {
      if (under === own) under = undefined
    }
    own.ref.then(ended, ended)
    return own.ref
  }
  /** Whether what has landed or is on its way is for the endpoint and the caller of now. */
  function isTheirs(): boolean {
    return endpointId === caller.endpointId() && mark === callerMark(caller.key())
  }
  function start(): void {
    if (file === undefined || !caller.isReady()) showIdle()
    // The row says what is wrong.
    else begin().catch(() => {})
  }

  view.place.addEventListener('change', () => {
    memory?.note({ path: path() })
    onChange()
  })
  view.toggle.addEventListener('click', () => {
    if (under !== undefined) under.stop.abort()
    else if (caller.isReady('focus')) start()
  })
  view.remove.addEventListener('click', () => {
    under?.stop.abort()
    if (uploadId !== undefined && !isShared(uploadId)) {
      forgetUnfinished(localStorage, uploadId)
      // A job that is queued may need what has landed, which ends by itself, as this does should it
      // fail.
      if (done === undefined && caller.isReady())
        caller
          .client()
          .abortUpload(endpointId, uploadId)
          .catch(() => {})
    }
    announce(`${name} is removed`)
    onRemove()
  })
  showIdle()

  return {
    element: view.element,
    traits,
    path,
    hasFile: () => file !== undefined,
    isTheirs,
    uploadId: () => uploadId,
    give(given) {
      file = given
      start()
    },
    start,
    ref: begin,
    landed() {
      if (done === undefined) return undefined
      const { ref, uploadId, expiresAt } = done
      return { ...traits, path: path(), endpointId, ref, uploadId, expiresAt }
    },
    pause: () => under?.stop.abort(),
    focus: () => view.remove.focus(),
  }
}

/** An upload on its way. */
interface Under {
  readonly stop: AbortController
  readonly ref: Promise<string>
}

function isGood(done: Done | undefined): done is Done {
  return done !== undefined && Date.parse(done.expiresAt) > Date.now()
}
