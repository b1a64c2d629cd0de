import { bold, say, sayChecked } from '../../dev/scene/terminal.ts'

/** One thing that an example shows. */
export interface Fact {
  readonly good: boolean
  readonly name: string
  readonly value: string
}

/** What a run of an example has shown, and its pictures by file name. */
export interface Shown {
  readonly facts: readonly Fact[]
  /** Figures to be printed. */
  readonly table?: string
  readonly pictures: Readonly<Record<string, string | Uint8Array>>
}

/** How large an example is run: as its README says, or so that it takes seconds. */
export type Size = 'full' | 'small'

/** An example, run against a development stack of its own; `say` hears how far it is. */
export type Play = (size: Size, say: (line: string) => void) => Promise<Shown>

/** Prints facts; false when one of them is not as it should be. */
export function sayFacts(title: string, facts: readonly Fact[]): boolean {
  say(bold(`\n${title}`))
  for (const { good, name, value } of facts) sayChecked(good, name, value)
  return facts.every(({ good }) => good)
}
