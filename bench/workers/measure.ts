import type { Turn } from '../contest.ts'
import { cpuSeconds, resetPeak, residentBytes } from '../process.ts'

/** Takes one turn of a process: `work` resolves to its seconds and payload bytes. */
export async function measure(
  { pid, idleBytes }: { readonly pid: number; readonly idleBytes: number },
  work: () => Promise<{ seconds: number; bytes: number }>,
): Promise<Turn> {
  resetPeak(pid)
  const before = cpuSeconds(pid)
  const { seconds, bytes } = await work()
  // What is still cleared away belongs to the turn.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const cpu = cpuSeconds(pid) - before
  return { seconds, bytes, cpuSeconds: cpu, peakBytes: residentBytes(pid).peak, idleBytes }
}
