import { afterAll, beforeAll } from 'vitest'
import { objectStoreContract } from '../../contracts/object-store.ts'
import { openVolumes, type VolumeBed } from './volume-bed.ts'

const options = { partBytes: 100_000, overridesHeaders: false, isVolume: true }

for (const count of [1, 3]) {
  let bed: VolumeBed | undefined
  beforeAll(async () => {
    bed = await openVolumes(count)
  })
  afterAll(() => bed?.close())
  const open = () => {
    if (bed === undefined) throw new TypeError('There is no volume yet')
    return bed.store
  }
  objectStoreContract(count === 1 ? 'A network volume' : `${count} network volumes`, open, options)
}
