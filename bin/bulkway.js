#!/usr/bin/env node
// Installed, the commands are built and run on Node 20 and newer, an operator's on 22. In a checkout they run from their
// source, which needs a Node that takes TypeScript: this one, or the one that `npm ci` has brought.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

// An operator has the gateway's configuration, all others its address: two programs under one name.
const isOperator = ['init', 'sweep', 'usage'].includes(process.argv[2] ?? '')
const program = isOperator ? 'operator' : 'cli'
const source = new URL(`../src/${program}/main.ts`, import.meta.url)
const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))

if (existsSync(source)) {
  if (process.features.typescript) await import(source.href)
  else if (existsSync(own)) runWith(own)
  else refuse("Bulkway's checkout needs Node 22.18")
} else if (isOperator && Promise.withResolvers === undefined) {
  // The gateway's own code, which clients do without.
  refuse(`bulkway ${process.argv[2]} needs Node 22`)
} else await import(`../dist/${program}/main.js`)

function refuse(need) {
  console.error(`${need} or newer, and this is ${process.versions.node}`)
  process.exitCode = 1
}

function runWith(node) {
  const child = spawn(node, [fileURLToPath(source), ...process.argv.slice(2)], { stdio: 'inherit' })
  // The terminal sends it to both; the child decides when to end.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}
