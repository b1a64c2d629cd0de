import { createWorkersHandler } from './workers-handler.ts'

export default createWorkersHandler()
