/**
 * Stands in for the package `debug` in the Workers bundle (wrangler.toml, `[alias]`): what it would
 * print nobody can switch on there, and it loads `node:tty` and `node:util` at start-up.
 */
export default function createDebug(_namespace: string): (...values: unknown[]) => void {
  return () => {}
}
