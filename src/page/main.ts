import { createCaller } from './caller.ts'
import { createCopying } from './copying.ts'
import { createEditor } from './editor.ts'
import { byId } from './elements.ts'
import { createFiles } from './files.ts'
import { createRuns } from './runs.ts'
import { forgetSession, readSession } from './session.ts'
import { forgetUnfinished } from './unfinished.ts'

const session = readSession()
const caller = createCaller(session)
const editor = createEditor(session)
const files = createFiles(caller, session)
createRuns({ caller, editor, files, session })
createCopying({ caller, editor, files })

byId('forget', HTMLButtonElement).addEventListener('click', () => {
  files.pauseAll()
  forgetSession()
  forgetUnfinished(localStorage)
  byId('form', HTMLFormElement).reset()
  location.reload()
})
