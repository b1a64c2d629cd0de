/** What a vitest project says to its tests. */

declare module 'vitest' {
  interface ProvidedContext {
    /** The roof under which the gateway runs. */
    runtime: 'node' | 'workers'
  }
}

/** Titles of the tests that do not run on Workers: there are none, and a test asserts it. */
export const skippedOnWorkers: readonly string[] = []

/** The store behind the gateway: local R2, or Ceph RGW with BULKWAY_E2E_STORE=rgw. */
export const storeKind: 'r2' | 'rgw' = process.env['BULKWAY_E2E_STORE'] === 'rgw' ? 'rgw' : 'r2'
