/** The generated tables of docs/slo.md. */
import { memoryOf, peakRate, sweepBusy, useOf, type WorkersUse } from './capacity.ts'
import type { Comparison } from './check.ts'
import { tolerances } from './check.ts'
import { demandOf } from './demand.ts'
import { costsOf, type Figures } from './figures.ts'
import { amount, dollars, parts, seconds, share, signed, table } from './format.ts'
import { outlook, wired } from './outlook.ts'
import { egressTiers, limits, machineCores, machineMemoryMb, prices, type Quote } from './prices.ts'
import { monthDays, onNode, onWorkers, points, surroundings, workloadAt } from './workload.ts'

/** Name of a table in the page's markers. */
export type TableName =
  | 'capacity'
  | 'gigabyte'
  | 'money'
  | 'bodies'
  | 'tenants'
  | 'instances'
  | 'workers'
  | 'figures'
  | 'prices'
  | 'check'

/** Every table by the name of its markers. */
export function tables(
  figures: Figures,
  comparisons: readonly Comparison[],
): Record<TableName, string> {
  return {
    capacity: capacityTable(figures),
    gigabyte: gigabyteTable(figures),
    money: moneyTable(figures),
    bodies: bodiesTable(figures),
    tenants: tenantsTable(),
    instances: instancesTable(figures),
    workers: workersTable(figures),
    figures: figuresTable(figures),
    prices: pricesTable(),
    check: checkTable(comparisons),
  }
}

function capacityTable(figures: Figures): string {
  const rows = points().map(({ name, workload }) => {
    const { use, machines, bottleneck, terabytes } = outlook(workload, figures)
    return [
      name,
      amount(terabytes),
      amount(peakRate(workload)),
      amount(use.cpu * use.instances),
      `${machines} (${use.instances})`,
      String(wired(workload, figures)),
      share(use.nic),
      amount(use.buffers),
      seconds(use.overheadP50),
      seconds(use.overheadP99),
      share(sweepBusy(workload, surroundings)),
      bottleneck,
    ]
  })
  return table(
    'jobs|TB a month|jobs/s, peak|cores, peak|machines (processes)|with 10 Gbit/s|network of each|part buffers out, each|p50 over the body|p99|one sweep busy|what asks for machines',
    rows,
  )
}

function gigabyteTable(figures: Figures): string {
  const rows = [2, 60, 400].map((megabytes) => {
    const size = { share: 1, bytes: megabytes * 1e6 }
    const workload = { ...workloadAt(1e6), sizes: [size] }
    const load = { instances: 8, jobsPerSecond: peakRate(workload) }
    const jobs = 1e9 / size.bytes
    const cpu = (runtime: 'node' | 'workers') => {
      const settings = runtime === 'node' ? onNode : onWorkers
      const costs = costsOf(figures, runtime)
      return jobs * demandOf(size, workload, settings, surroundings, costs, load).cpuSeconds
    }
    const { calls, requests, bytesToInternet } = demandOf(
      size,
      workload,
      onNode,
      surroundings,
      costsOf(figures, 'node'),
      load,
    )
    const r2 = (jobs * (calls.a * prices.r2ClassA.value + calls.b * prices.r2ClassB.value)) / 1e6
    const s3 = (jobs * (calls.a * prices.s3ClassA.value + calls.b * prices.s3ClassB.value)) / 1e6
    const workers =
      (jobs * requests * prices.workersRequests.value) / 1e6 +
      (cpu('workers') * 1e3 * prices.workersCpu.value) / 1e6
    const coreSecond = prices.machine.value / machineCores / (monthDays * 86_400) / 0.6
    const egress = (tier: number) => (jobs * bytesToInternet * tier) / 1e9
    const dear = egressTiers[0]?.perGb ?? 0
    const cheap = egressTiers.at(-1)?.perGb ?? 0
    return [
      `${megabytes} MB`,
      `${amount(cpu('node'))} s`,
      `${amount(cpu('workers'))} s`,
      `${amount(jobs * calls.a)} / ${amount(jobs * calls.b)}`,
      dollars(workers + r2),
      dollars(cpu('node') * coreSecond + r2),
      dollars(cpu('node') * coreSecond + s3 + egress(cheap)) +
        ` to ${dollars(cpu('node') * coreSecond + s3 + egress(dear))}`,
    ]
  })
  return table(
    'a job of|CPU, Node|CPU, Workers|store writes / reads|Workers and R2|Node, traffic not metered, and R2|Node and S3 in AWS, traffic metered',
    rows,
  )
}

function moneyTable(figures: Figures): string {
  const rows = points().map(({ name, workload }) => {
    const { money } = outlook(workload, figures)
    const { workers, node, metered } = money
    return [
      name,
      `**${dollars(workers.total)}**`,
      parts([workers.compute, workers.operations, workers.storage]),
      `**${dollars(node.total)}**`,
      parts([node.compute, node.operations, node.storage]),
      `**${dollars(metered.total)}**`,
      parts([metered.compute, metered.operations, metered.storage, metered.egress]),
    ]
  })
  return table(
    'jobs|Workers and R2|compute, operations, storage|Node, not metered, and R2|machines, operations, storage|Node and S3 in AWS|machines, operations, storage, traffic',
    rows,
  )
}

function bodiesTable(figures: Figures): string {
  const rows = [1, 10, 100, 1000].map((megabytes) => {
    const sizes = [{ share: 1, bytes: megabytes * 1e6 }]
    const all = outlook({ ...workloadAt(1e5), sizes }, figures)
    return [
      `${amount(megabytes)} MB`,
      amount(all.terabytes),
      amount(all.use.cpu * all.use.instances),
      String(all.machines),
      all.bottleneck,
      dollars(all.money.workers.total),
      dollars(all.money.node.total),
      dollars(all.money.metered.total),
    ]
  })
  return table(
    'payload of each of 100,000 jobs a day|TB a month|cores, peak|machines|what asks for them|Workers and R2|Node, not metered|Node in AWS',
    rows,
  )
}

function tenantsTable(): string {
  const rows = [10, 1_000, 100_000].map((tenants) => {
    const perSecond = (instances: number, jobsPerDay: number) => {
      const each = peakRate(workloadAt(jobsPerDay)) / tenants / instances
      // One proof, then silence until it has aged and the key is used again.
      const proofs = tenants * instances * (1 / (onNode.proofSeconds + 1 / each))
      return amount(proofs)
    }
    return [amount(tenants), perSecond(4, 1e4), perSecond(4, 1e5), perSecond(32, 1e6)]
  })
  return table('keys in use|10,000 jobs a day, 4 processes|100,000, 4|1,000,000, 32', rows)
}

function instancesTable(figures: Figures): string {
  const rows = [2, 4, 8, 16, 32, 64].map((instances) => {
    const workload = workloadAt(1e6)
    const use = useOf(workload, onNode, surroundings, costsOf(figures, 'node'), instances)
    return [
      String(instances),
      share(use.cpu),
      share(use.nic),
      amount(use.buffers),
      share(use.poolWait),
      amount(use.demand.calls.b),
    ]
  })
  return table(
    'processes at 1,000,000 jobs a day|core|network|buffers out of 32|uploads that wait|store reads a job',
    rows,
  )
}

function workersTable(figures: Figures): string {
  const refused = ({ refused: one }: WorkersUse) =>
    [one.freePro, one.business, one.enterprise].map(share).join(' / ')
  const rows = points().map(({ name, workload }) => {
    const { workers } = outlook(workload, figures)
    return [
      name,
      String(workers.isolates),
      `${amount(workers.memory)} of ${limits.isolateMemory.value} MB`,
      `${amount(workers.largestCpu)} of ${limits.cpuDefault.value} s`,
      refused(workers),
      workers.bottleneck,
    ]
  })
  return table(
    'jobs|isolates so that 1 % find no buffer|memory, every part out|CPU of the largest body|jobs over the edge limit (Free, Pro / Business / Enterprise)|what gives out first',
    rows,
  )
}

function figuresTable(figures: Figures): string {
  const rows = Object.values(figures).map(({ about, value, unit, row, origin }) => [
    about,
    `${amount(value)} ${unit}`,
    origin === 'measured'
      ? `measured: \`${row}\``
      : `assumed${row === '–' ? '' : `, until \`${row}\` is measured`}`,
  ])
  const memory = memoryOf(figures, 'nodeIdle', onNode)
  rows.push([
    'a Node process with all 32 parts out',
    `${amount(memory)} MB; ${machineCores} of them ${amount(machineCores * memory)} of ${amount(machineMemoryMb)} MB`,
    'follows',
  ])
  return table('figure|value|from', rows)
}

function pricesTable(): string {
  const all = Object.entries<Quote>({ ...prices, ...limits })
  const rows = all.map(([name, { value, unit, source, read, readAt }]) => [
    `\`${name}\``,
    amount(value),
    unit,
    link(source) + (readAt === undefined ? '' : `, as told by ${link(readAt)}`),
    read === 'parameter' ? 'assumed: set your own' : read,
  ])
  const tiers = egressTiers
    .map(({ upToGb, perGb }) => {
      return `${perGb}${Number.isFinite(upToGb) ? ` to ${amount(upToGb / 1e3)} TB` : ' beyond'}`
    })
    .join(', ')
  const { source, readAt = source, read } = prices.egressIncluded
  rows.push([
    '`egressTiers`',
    tiers,
    '$ per GB',
    `${link(source)}, as told by ${link(readAt)}`,
    read,
  ])
  return table('name|value|unit|source|read', rows)
}

function link(url: string): string {
  return `[${new URL(url).host.replace(/^www\./, '')}](${url})`
}

function checkTable(comparisons: readonly Comparison[]): string {
  const rows = Object.entries<{ relative?: number; absolute?: number }>(tolerances).map(
    ([quantity, { relative, absolute = 0 }]) => {
      const all = comparisons.filter((one) => one.quantity === quantity)
      const worst = all.reduce(
        (one, other) => (Math.abs(other.deviation) > Math.abs(one.deviation) ? other : one),
        { deviation: 0, scenario: '' },
      )
      const unit = relative === undefined ? ' points' : ' %'
      return [
        quantity,
        String(all.length),
        `${signed(worst.deviation)}${unit} (${worst.scenario})`,
        `± ${amount((relative ?? absolute) * 100)}${unit}`,
      ]
    },
  )
  return table('quantity|scenarios|largest deviation of the model|allowed', rows)
}
