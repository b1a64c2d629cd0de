import type { BytePrimitives } from '../platform.ts'
import { createBytePrimitives } from './byte-primitives.ts'
import { slashesModule } from './slashes.ts'

/** The byte primitives of Node, which may compile code while it runs. */
export function createNodeBytes(): BytePrimitives {
  return createBytePrimitives({ slashes: new WebAssembly.Module(slashesModule) })
}
