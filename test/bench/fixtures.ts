import type { Circumstances } from '../../bench/report/results.ts'

export const circumstancesOfTest: Circumstances = {
  date: '2026-01-31',
  machine: { cpu: 'Some CPU', cores: 2, memoryGigabytes: 8, kernel: 'Linux 6.1' },
  versions: { bulkway: '0.1.0', node: '24.0.0' },
}
