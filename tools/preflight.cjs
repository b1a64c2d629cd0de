// Must run on any Node, also one far too old: no modern syntax, no imports.
var needed = [22, 18]
var running = process.versions.node.split('.').map(Number)

if (running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1])) {
  console.error(
    'Bulkway needs Node ' +
      needed.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      ': install Node 24 from https://nodejs.org' +
      ' (on Linux x64 `npm ci` brings one, which `npm run` then uses), and run the command again.',
  )
  process.exit(1)
}
