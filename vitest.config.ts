import { defineConfig } from 'vitest/config'

// The same files run under both roofs; each file starts a stack of its own, one at a time.
function e2e(runtime: 'node' | 'workers') {
  return {
    test: {
      name: `e2e-${runtime}`,
      include: ['test/e2e/**/*.test.ts'],
      provide: { runtime },
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 120_000,
      sequence: { groupOrder: runtime === 'node' ? 1 : 2 },
    },
  }
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/conformance/**', 'test/browser/**', 'test/examples/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      e2e('node'),
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          provide: { runtime: 'node' as const },
          fileParallelism: false,
          testTimeout: 480_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
      e2e('workers'),
      {
        test: {
          name: 'examples',
          include: ['test/examples/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
