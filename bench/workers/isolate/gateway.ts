import { createWorkersHandler } from '../../../src/runtimes/workers-handler.ts'
import { createNullStore } from '../../subjects/null-store.ts'

/** The gateway as a Worker, its payloads dropped inside; `/bench/COMMAND` as a sink's commands. */

const nothing = createNullStore('main')
const gateway = createWorkersHandler(() => nothing)

export default {
  async fetch(request, env, context): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/bench/verify') nothing.verify(searchParams.get('on') === 'true')
    else if (pathname === '/bench/take') return Response.json(nothing.take())
    else return (await gateway.fetch?.(request, env, context)) ?? new Response(null)
    return Response.json(null)
  },
} satisfies ExportedHandler<Readonly<Record<string, unknown>>>
