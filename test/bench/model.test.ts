import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { planNode, planWorkers, sweepBusy } from '../../bench/model/capacity.ts'
import { chart } from '../../bench/model/chart.ts'
import { compare, scenarios } from '../../bench/model/check.ts'
import { costsOf, figuresFrom, readFigures } from '../../bench/model/figures.ts'
import { egressMoney, workersBill } from '../../bench/model/money.ts'
import { fillPage } from '../../bench/model/page.ts'
import { limits, prices } from '../../bench/model/prices.ts'
import { lossProbability, quantile, waitProbability } from '../../bench/model/queueing.ts'
import { simulate } from '../../bench/model/simulation/run.ts'
import { type TableName, tables } from '../../bench/model/tables.ts'
import {
  meanBytes,
  monthDays,
  onNode,
  onWorkers,
  petabyteAMonth,
  surroundings,
  workloadAt,
} from '../../bench/model/workload.ts'

const figures = readFigures()
const costs = { node: costsOf(figures, 'node'), workers: costsOf(figures, 'workers') }
const file = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const plan = (jobsPerDay: number) =>
  planNode(workloadAt(jobsPerDay), onNode, surroundings, costs.node)

describe('the formulas', () => {
  test('of Erlang give the values of the tables', () => {
    expect(lossProbability(1, 1)).toBeCloseTo(0.5, 6)
    expect(lossProbability(5, 10)).toBeCloseTo(0.018385, 5)
    expect(waitProbability(8, 10)).toBeCloseTo(0.4092, 3)
    expect(waitProbability(10, 10)).toBe(1)
  })

  test('between two numbers of servers give something in between', () => {
    const [few, some, more] = [10, 10.5, 11].map((servers) => lossProbability(8, servers))
    expect(some).toBeLessThan(few ?? 0)
    expect(some).toBeGreaterThan(more ?? 1)
  })

  test('give quantiles of an exponential time above its floor', () => {
    const spread = { floor: 2, mean: 3, variance: 1 }
    expect(quantile([{ share: 1, spread }], 0.5)).toBeCloseTo(2 + Math.LN2, 1)
    expect(quantile([{ share: 1, spread }], 0.99)).toBeCloseTo(2 + Math.log(100), 1)
  })
})

describe('the money', () => {
  test('of traffic goes tier by tier', () => {
    expect(egressMoney(100)).toBe(0)
    expect(egressMoney(10_100)).toBeCloseTo(900, 6)
    expect(egressMoney(50_100)).toBeCloseTo(900 + 3400, 6)
  })

  test('of Workers begins with the plan, which a small load does not leave', () => {
    const workload = workloadAt(100)
    const { demand } = planWorkers(workload, onWorkers, surroundings, costs.workers, figures)
    const { compute, operations } = workersBill(workload, meanBytes(workload), demand)
    expect(compute).toBe(prices.workersPlan.value)
    expect(operations).toBe(0)
  })

  test('has a source and a day for every price and limit', () => {
    for (const { source, read } of [...Object.values(prices), ...Object.values(limits)]) {
      expect(source).toMatch(/^https:\/\//)
      expect(read).toMatch(/^(20\d\d-\d\d-\d\d|parameter)$/)
    }
  })
})

describe('the plan', () => {
  test('asks for more of everything as jobs grow, and never for less than two machines', () => {
    const plans = [1e3, 1e4, 1e5, 1e6].map(plan)
    const instances = plans.map(({ use }) => use.instances)
    expect(instances[0]).toBe(4)
    expect(instances).toEqual([...instances].sort((one, other) => one - other))
    expect(plans.map(({ bottleneck }) => bottleneck)[0]).toBe('redundancy')
  })

  test('names the pool where clients are slow', () => {
    const slow = { ...workloadAt(1e5), clientRate: 2e5 }
    expect(planNode(slow, onNode, surroundings, costs.node).bottleneck).toBe('pool')
  })

  test('reaches a petabyte a month', () => {
    const workload = petabyteAMonth()
    expect(workload.jobsPerDay * meanBytes(workload) * monthDays).toBeCloseTo(1e15, -6)
    const { use } = planNode(workload, onNode, surroundings, costs.node)
    expect(use.instances).toBeGreaterThan(plan(1e6).use.instances)
  })

  test('names the edge on Workers where bodies are over its limit', () => {
    const of = (workload: ReturnType<typeof workloadAt>) =>
      planWorkers(workload, onWorkers, surroundings, costs.workers, figures)
    expect(of(workloadAt(1e4)).bottleneck).toBe('edge body limit')
    const small = { ...workloadAt(1e4), sizes: [{ share: 1, bytes: 5e6 }] }
    expect(of(small).refused).toEqual({ freePro: 0, business: 0, enterprise: 0 })
  })

  test('knows when one sweep is not enough', () => {
    expect(sweepBusy(workloadAt(1e5), surroundings)).toBeLessThan(0.2)
    expect(sweepBusy(workloadAt(1e6), surroundings)).toBeGreaterThan(1)
  })
})

describe('the simulation', () => {
  const small = scenarios(costs, 500)

  test('sees the same twice', () => {
    const [first] = small
    if (first === undefined) throw new Error('There must be a scenario')
    expect(simulate(first.scenario)).toEqual(simulate(first.scenario))
  })

  // The quantiles and the waits of 500 jobs are too few to hold the model to.
  const rough = /p99|no buffer/

  test.each(small)('agrees with the model: $name', (one) => {
    const off = compare(one).filter(({ holds, quantity }) => !holds && !rough.test(quantity))
    expect(off.filter(({ deviation }) => Math.abs(deviation) > 0.1)).toEqual([])
  })

  test('finds the pool empty more often the smaller it is', () => {
    const crowded = small.find(({ name }) => name.includes('pool of 14'))?.scenario
    if (crowded === undefined) throw new Error('There must be a crowded scenario')
    const waits = [10, 14, 32].map((poolParts) => {
      const settings = { ...crowded.settings, poolParts }
      return simulate({ ...crowded, settings }).poolWait
    })
    expect(waits[0]).toBeGreaterThan(waits[1] ?? 1)
    expect(waits[2]).toBe(0)
  })
})

describe('the figures', () => {
  test('are taken from a measured row, and assumed without one', () => {
    const results = {
      rows: [{ id: 'job-bucket-get', contestants: { gateway: { cpu: { median: 1.5 } } } }],
    }
    const read = figuresFrom(JSON.stringify(results))
    expect(read.nodeRelay).toMatchObject({ value: 1.5, origin: 'measured' })
    expect(read.nodeUpload.origin).toBe('assumed')
    expect(figuresFrom(undefined).nodeRelay.origin).toBe('assumed')
  })

  test.each(['null', '{}', '{"rows":{}}', '{"rows":[{"id":"job-bucket-get"}]}'])(
    'are assumed where the file says %s',
    (text) => expect(figuresFrom(text).nodeRelay.origin).toBe('assumed'),
  )
})

describe('docs/slo.md', () => {
  const again = 'run `npm run model -- --write`'

  test(`has the tables of today's figures and prices: ${again} where it has not`, () => {
    const { check: _, ...fresh } = tables(figures, [])
    const page = file('slo.md')
    expect(page).toBe(fillPage(page, fresh satisfies Partial<Record<TableName, string>>))
  })

  test(`has the chart of today's figures and prices: ${again} where it has not`, () => {
    expect(file('slo.svg')).toBe(chart(figures))
  })

  test('is refused where a table has no place', () => {
    expect(() => fillPage('# A page', { capacity: '' })).toThrow('capacity')
  })

  test('names only events and codes that exist', () => {
    const page = file('slo.md')
    const watched = page.slice(page.indexOf('## What to watch'), page.indexOf('## What it takes'))
    const root = new URL('../../src/', import.meta.url)
    const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('.gen.'))
      .map((name) => readFileSync(new URL(name, root), 'utf8'))
      .join('\n')
    const names = [...watched.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => name ?? '')
    expect(names.length).toBeGreaterThan(8)
    expect(names.filter((name) => !source.includes(`'${name}'`))).toEqual([])
  })
})
