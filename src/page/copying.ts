import type { Caller } from './caller.ts'
import type { Editor } from './editor.ts'
import { announce, byId } from './elements.ts'
import type { Files } from './files.ts'
import { type Language, writeSnippet } from './snippets.ts'

/** Takes over the buttons that copy the request as a program. */
export function createCopying(options: {
  readonly caller: Caller
  readonly editor: Editor
  readonly files: Files
}): void {
  const { caller, editor, files } = options
  const box = byId('snippet', HTMLDivElement)
  const shown = byId('snippet-text', HTMLPreElement)

  async function copy(language: Language): Promise<void> {
    const request = editor.read()
    if (request === undefined) return
    const { text, note } = writeSnippet(language, {
      baseUrl: caller.baseUrl,
      endpointId: caller.endpointId() || 'ENDPOINT',
      request,
      files: files.list(),
    })
    shown.textContent = text
    box.hidden = false
    const copied = await write(text)
    const said = `${copied ? 'Copied' : 'Select it to copy'}. ${note}`
    byId('snippet-note', HTMLParagraphElement).textContent = said
    announce(said)
  }

  for (const button of document.querySelectorAll('button')) {
    const language = button.dataset['copy']
    if (language === 'curl' || language === 'typescript' || language === 'python') {
      button.addEventListener('click', () => void copy(language))
    }
  }
}

/** False where the browser does not let the page, as outside https. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
