import { cpuSeconds, resetPeak, residentBytes } from '../process.ts'

/** What a process used while some work went on. */
export interface Used {
  readonly cpuSeconds: number
  readonly peakBytes: number
}

/** Measures one process around `work`. */
export async function measure<T>(
  { pid }: { readonly pid: number },
  work: () => Promise<T>,
): Promise<[T, Used]> {
  resetPeak(pid)
  const before = cpuSeconds(pid)
  const result = await work()
  return [result, { cpuSeconds: cpuSeconds(pid) - before, peakBytes: residentBytes(pid).peak }]
}
