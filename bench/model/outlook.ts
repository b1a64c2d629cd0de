import { planNode, planWorkers } from './capacity.ts'
import { costsOf, type Figures } from './figures.ts'
import { meteredBill, nodeBill, workersBill } from './money.ts'
import { machineCores } from './prices.ts'
import { meanBytes, monthDays, onNode, onWorkers, surroundings, type Workload } from './workload.ts'

/** Everything the tables say of one workload. */
export function outlook(workload: Workload, figures: Figures) {
  const node = planNode(workload, onNode, surroundings, costsOf(figures, 'node'))
  const workers = planWorkers(
    workload,
    onWorkers,
    surroundings,
    costsOf(figures, 'workers'),
    figures,
  )
  const machines = node.use.instances / machineCores
  const bytes = meanBytes(workload)
  return {
    ...node,
    workers,
    machines,
    terabytes: (workload.jobsPerDay * monthDays * bytes) / 1e12,
    money: {
      workers: workersBill(workload, bytes, workers.demand),
      node: nodeBill(workload, bytes, node.use.demand, machines),
      metered: meteredBill(workload, bytes, node.use.demand, machines),
    },
  }
}

/** Machines that are enough where each keeps up 10 Gbit/s. */
export function wired(workload: Workload, figures: Figures): number {
  const around = { ...surroundings, nicBits: 10e9 }
  const { use } = planNode(workload, onNode, around, costsOf(figures, 'node'))
  return use.instances / machineCores
}
