import type { Target } from './target.ts'

/** The targets by name, loaded late: V8 counts only in what is compiled after counting has begun. */
export const TARGETS: Readonly<Record<string, () => Promise<{ readonly target: Target }>>> = {
  splicer: () => import('./targets/splicer.ts'),
  base64: () => import('./targets/base64.ts'),
  form: () => import('./targets/form.ts'),
  'aws-chunked': () => import('./targets/aws-chunked.ts'),
  scrubber: () => import('./targets/scrubber.ts'),
  envelope: () => import('./targets/envelope.ts'),
}
