import { readFileSync, writeFileSync } from 'node:fs'

/** CPU seconds that a process has used so far, user and system, all its threads (`/proc/PID/stat`). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The command's name stands in brackets and may hold anything: fields count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Linux reports ticks of USER_HZ, which is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100

/** Resident bytes now and at most since `resetPeak` (`VmRSS`, `VmHWM`). */
export function residentBytes(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
  return { now: kibibytes('VmRSS') * 1024, peak: kibibytes('VmHWM') * 1024 }
}

/** Makes the peak start anew from what is resident now. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
