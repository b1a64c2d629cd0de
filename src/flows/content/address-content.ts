import type { EndpointConfig } from '../../config/config.ts'
import { createHashingWriter } from '../../intake/content-addressed.ts'
import type { Platform } from '../../platform.ts'
import { contentName } from '../../store/content-keys.ts'
import type { StagedObject, StagedWriter } from '../../store/staged-writer.ts'

/** The writer of a request's payload of that number, from 0: it hashes what is to be named by its content. */
export function writerFor(
  { contentAddressed, contentAddressedMaxObjects }: EndpointConfig,
  platform: Pick<Platform, 'sha256'>,
  number: number,
  writer: StagedWriter,
): StagedWriter {
  const isNamed = contentAddressed && number < contentAddressedMaxObjects
  return isNamed ? createHashingWriter(writer, platform.sha256()) : writer
}

/** The virtual path of what was staged: by its content where that is known. */
export function stagedPath({ key, sha256 }: Pick<StagedObject, 'key' | 'sha256'>): string {
  return `in/${sha256 === undefined ? key.split('/').at(-1) : contentName(sha256, key)}`
}
