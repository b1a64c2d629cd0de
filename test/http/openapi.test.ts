import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/read-config.ts'
import description from '../../src/contract/openapi.gen.json' with { type: 'json' }
import type { Deps } from '../../src/flows/deps.ts'
import { createApp } from '../../src/http/app.ts'
import { compareRoutes } from './compare-routes.ts'

const text = JSON.stringify({
  publicUrl: 'https://gateway.example',
  stores: {
    main: {
      kind: 's3',
      endpoint: 'https://store.example',
      region: 'auto',
      bucket: 'bulkway',
      accessKeyId: { env: 'ANY' },
      secretAccessKey: { env: 'ANY' },
    },
  },
  stateStore: 'main',
  endpoints: { '*': {} },
  auth: { mode: 'passthrough' },
  masterKeys: { env: 'KEYS' },
})

describe('openapi.yaml', () => {
  it('describes every route of the application, and no other', () => {
    const config = readConfig(text, (name) =>
      name === 'KEYS' ? `k1:${btoa('a'.repeat(32))}` : 'any',
    )
    // Routes are only listed here, never called: the configuration is all that making them takes.
    const deps = { config } as Deps
    const access = { bodyOf: () => undefined, targetOf: () => '/' }
    const { routes } = createApp(deps, access)
    expect(compareRoutes(routes, description)).toEqual({ onlyDescribed: [], onlyRouted: [] })
  })

  it('gives every operation a name of its own', () => {
    const names = Object.values(description.paths)
      .flatMap((item) => Object.values(item))
      .flatMap((operation) => ('operationId' in operation ? [operation.operationId] : []))
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z]+([A-Z][a-z]+)+$/.test(name))).toEqual([])
  })
})

describe('compareRoutes', () => {
  const answer = () => new Response()
  const app = new Hono()
    .use('*', (_, next) => next())
    .get('/v2/:endpointId{[a-z]+}/health', answer)
    .all('/v2/:endpointId/*', answer)
    .all('/s3/*', answer)

  it('takes another spelling of parameters, middleware and catch-alls', () => {
    const paths = {
      '/v2/{id}/health': { get: {}, head: {}, parameters: [] },
      '/s3/{bucket}/{key}': { put: {} },
    }
    expect(compareRoutes(app.routes, { paths })).toEqual({ onlyDescribed: [], onlyRouted: [] })
  })

  it('names what is only in one of the two', () => {
    const paths = { '/v2/{id}/health': { post: {} } }
    expect(compareRoutes(app.routes, { paths })).toEqual({
      onlyDescribed: ['POST /v2/{}/health'],
      onlyRouted: ['GET /v2/{}/health'],
    })
  })
})
