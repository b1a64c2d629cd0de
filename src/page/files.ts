import { type JobRequest, place } from '../client/client.ts'
import type { Caller } from './caller.ts'
import { announce, byId } from './elements.ts'
import { createFileRow, type FileRow, type FileRowOptions } from './file-row.ts'
import { remember, type Session } from './session.ts'
import { callerMark, type FileTraits, isSameFile, listUnfinished } from './unfinished.ts'

/** The files of the request. */
export interface Files {
  /** The request with the refs of all files, once they have landed; rejects where one cannot. */
  placeIn(request: JobRequest): Promise<JobRequest>
  /** Names and places, in order. */
  list(): readonly { readonly path: string; readonly name: string }[]
  /** Whether every file has landed. */
  pauseAll(): void
}

/** Takes over the list of files, and everything that brings files to it. */
export function createFiles(caller: Caller, session: Session): Files {
  const list = byId('rows', HTMLUListElement)
  const picker = byId('picker', HTMLInputElement)
  const choose = byId('choose', HTMLButtonElement)
  let rows: FileRow[] = []

  function onChange(): void {
    remember(
      'landed',
      rows.flatMap((row) => row.landed() ?? []),
    )
  }
  function addRow(
    about: Omit<FileRowOptions, 'caller' | 'isShared' | 'onChange' | 'onRemove'>,
  ): FileRow {
    const row = createFileRow({
      ...about,
      caller,
      isShared: (uploadId) => rows.some((one) => one !== row && one.uploadId() === uploadId),
      onChange,
      onRemove: () => removeRow(row),
    })
    rows.push(row)
    list.append(row.element)
    return row
  }
  function removeRow(row: FileRow): void {
    const hadFocus = row.element.contains(document.activeElement)
    const at = rows.indexOf(row)
    rows = rows.filter((one) => one !== row)
    row.element.remove()
    const neighbour = rows[at] ?? rows[at - 1]
    if (hadFocus) neighbour === undefined ? choose.focus() : neighbour.focus()
    onChange()
  }
  function add(files: readonly File[]): void {
    for (const file of files) {
      const { name, size, lastModified } = file
      const traits: FileTraits = { name, size, lastModified }
      const waiting = rows.find((row) => !row.hasFile() && isSameFile(row.traits, traits))
      if (waiting !== undefined) waiting.give(file)
      else {
        const path = freePath(
          file,
          rows.map((row) => row.path()),
        )
        addRow({ traits, path, file, endpointId: caller.endpointId() }).start()
      }
    }
    const [first] = files
    if (first !== undefined) {
      announce(files.length === 1 ? `${first.name} is added` : `${files.length} files are added`)
    }
  }

  /** What was begun for the endpoint and is not in the list. */
  function restore(): void {
    if (caller.endpointId() === '') return
    const mark = callerMark(caller.key())
    for (const one of listUnfinished(localStorage, caller.endpointId(), mark)) {
      const { path, uploadId, endpointId, name, size, lastModified } = one
      const traits: FileTraits = { name, size, lastModified }
      const isThere = rows.some((row) => isSameFile(row.traits, traits))
      if (!isThere && uploadId !== undefined) addRow({ traits, path, endpointId, uploadId })
    }
  }
  for (const landed of session.landed) {
    const { name, size, lastModified, path, endpointId, uploadId } = landed
    addRow({ traits: { name, size, lastModified }, path, endpointId, uploadId, landed })
  }
  restore()

  caller.onChange(() => {
    for (const row of rows) {
      if (row.hasFile()) row.start()
      else if (!row.isTheirs()) removeRow(row)
      else row.start()
    }
    restore()
  })

  choose.addEventListener('click', () => picker.click())
  picker.addEventListener('change', () => {
    add([...(picker.files ?? [])])
    // The same file can be chosen again.
    picker.value = ''
  })
  listenToDrops(add)
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])]
    if (files.length === 0) return
    event.preventDefault()
    add(files)
  })

  return {
    async placeIn(request) {
      // Wrong places are refused before anybody waits.
      let complete = request
      for (const row of rows) complete = place(complete, row.path(), '')
      const refs = await Promise.all(
        rows.map(async (row) => ({ path: row.path(), ref: await row.ref() })),
      )
      for (const { path, ref } of refs) complete = place(complete, path, ref)
      return complete
    },
    list: () => rows.map((row) => ({ path: row.path(), name: row.traits.name })),
    pauseAll() {
      for (const row of rows) row.pause()
    },
  }
}

/** The whole window takes files: nobody is sent away from the page for missing the box. */
function listenToDrops(add: (files: readonly File[]) => void): void {
  const { classList } = document.body
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    classList.add('over')
  })
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) classList.remove('over')
  })
  document.addEventListener('drop', (event) => {
    classList.remove('over')
    if (!hasFiles(event)) return
    event.preventDefault()
    add([...(event.dataTransfer?.files ?? [])])
  })
}

/** A place for one more file, after its type: `image`, `image2`. */
function freePath({ type }: File, taken: readonly string[]): string {
  const kind = /^(image|video|audio)\//.exec(type)?.[1] ?? 'file'
  for (let count = 1; ; count++) {
    const path = count === 1 ? kind : `${kind}${count}`
    if (!taken.includes(path)) return path
  }
}
