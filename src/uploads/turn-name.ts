import { escapeSegment, sharedRoot } from '../store/keys.ts'
import type { Upload } from './upload.ts'

/** Whether a kept file lies under a name that all who use the volume share. */
export function isShared(keptKey: string): boolean {
  return keptKey.startsWith(sharedRoot)
}

/** What turns are taken by to write a kept file: the names of each volume are its own. */
export function turnName({
  keptKey,
  storeId,
}: { keptKey: string } & Pick<Upload, 'storeId'>): string {
  if (!isShared(keptKey)) return keptKey
  return `${sharedRoot}${escapeSegment(storeId)}/${keptKey.slice(sharedRoot.length)}`
}
