/** @tus/server as its documentation sets it up, with the S3 store and parts of its usual size. */
import { createServer } from 'node:http'
import { S3Store } from '@tus/s3-store'
import { Server } from '@tus/server'
import { listen, takeCommands } from '../subjects/control.ts'
import { clientConfig } from './staging.ts'

const datastore = new S3Store({
  partSize: 8 * 1024 * 1024,
  s3ClientConfig: { ...clientConfig, bucket: 'bench' },
})
const tus = new Server({ path: '/files', datastore })
const server = createServer((request, response) => void tus.handle(request, response))
server.requestTimeout = 0
await takeCommands({}, await listen(server))
