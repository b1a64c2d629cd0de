import type { Turn } from '../contest.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { measure } from './measure.ts'
import { authorization, type Subject, type UploadScene } from './upload-scene.ts'

/** Over the platform's limit of 10 MiB, so that the payload is staged. */
const stagedBytes = 16 * 1024 * 1024

/**
 * One turn: an upload, not timed, whose SHA-256 is checked, then the timed one, whose bytes are
 * counted. Throws when anything else arrived.
 */
export async function takeUploadTurn(
  scene: UploadScene,
  subject: Subject,
  textBytes: number,
): Promise<Turn> {
  await scene.verify(subject, Math.max(stagedBytes, Math.ceil(textBytes / 16) * 4))
  await subject.sink?.ask('take')
  const upload = { url: subject.runUrl, headers: { authorization }, textBytes }
  const [{ seconds }, used] = await measure(subject.process, () => scene.load.upload(upload))
  await checkBytes(subject, textBytes)
  return { seconds, bytes: textBytes, ...used }
}

/** Throws when not as many payload bytes arrived as were sent. */
export async function checkBytes(subject: Subject, textBytes: number, times = 1): Promise<void> {
  const arrived = (await subject.sink?.ask<Arrivals>('take'))?.bytes
  if (arrived === undefined) return
  const decoded = (textBytes / 4) * 3 * times
  // The raw contestant passes the text on, and JSON around it.
  const least = subject.kind === 'raw' ? textBytes * times : decoded
  if (arrived < least || (subject.kind !== 'raw' && arrived !== decoded)) {
    throw new Error(`${subject.kind}: ${arrived} bytes arrived of ${least}`)
  }
}
