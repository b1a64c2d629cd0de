/** What there is to send, and where. */
export interface Sending {
  /** The gateway's URL without `/v2`. */
  readonly baseUrl: string
  readonly endpointId: string
  /** The request without its files. */
  readonly request: Readonly<Record<string, unknown>>
  /** Names of files by their place, as the client takes it. */
  readonly files: readonly { readonly path: string; readonly name: string }[]
}

/** Languages that a request can be copied in. */
export type Language = 'curl' | 'typescript' | 'python'

/** The key never stands in what is copied. */
const variable = 'BULKWAY_KEY'

/** Members of a request that a form takes beside its files. */
const formMembers = ['input', 'webhook', 'policy', 's3Config']

/** A program that does what the page does; `note` says what it needs. */
export function writeSnippet(
  language: Language,
  sending: Sending,
): { readonly text: string; readonly note: string } {
  const { files } = sending
  const needs = files.length === 0 ? '' : ', and the files in the folder it runs in'
  const lost = files.length === 0 || language === 'typescript' ? [] : unfitOf(sending)
  const left = lost.length === 0 ? '' : `. A form cannot hold ${lost.join(', ')}: left out`
  const note = `Needs the key in ${variable}${needs}${left}`
  switch (language) {
    case 'curl':
      return { text: curl(sending), note: `${note}.` }
    case 'typescript':
      return { text: typescript(sending), note: `${note}; the package is bulkway.` }
    case 'python': {
      const name = files.length === 0 ? 'runpod' : 'requests'
      return { text: python(sending), note: `${note}; the package is ${name}.` }
    }
  }
}

function curl(sending: Sending): string {
  const { request, files } = sending
  const lines = [
    `curl -sS ${shell(urlOf(sending, 'runsync'))}`,
    `  -H "Authorization: Bearer $${variable}"`,
  ]
  if (files.length === 0) {
    lines.push(`  -H 'Content-Type: application/json'`)
    lines.push(`  --data-raw ${shell(JSON.stringify(request))}`)
  } else {
    for (const [name, text] of formOf(request))
      lines.push(`  --form-string ${shell(`${name}=${text}`)}`)
    for (const { path, name } of files.filter(({ path }) => isBelowInput(path))) {
      lines.push(`  -F ${shell(`${pointerOf(path)}=@"${name.replace(/["\\]/g, '\\$&')}"`)}`)
    }
  }
  return `${lines.join(' \\\n')}\n`
}

function typescript({ baseUrl, endpointId, request, files }: Sending): string {
  const names = files.length === 0 ? '{ createClient }' : '{ createClient, openFile }'
  const lines = [
    importLine(names, 'bulkway/client/node'),
    '',
    `const client = createClient({`,
    `  baseUrl: ${JSON.stringify(baseUrl)},`,
    `  apiKey: process.env[${JSON.stringify(variable)}] ?? "",`,
    `})`,
    `const request = ${JSON.stringify(request, null, 2)}`,
  ]
  if (files.length > 0) {
    lines.push(`const files = {`)
    for (const { path, name } of files) {
      lines.push(`  ${JSON.stringify(path)}: await openFile(${JSON.stringify(name)}),`)
    }
    lines.push(`}`)
  }
  const more = files.length === 0 ? '' : ', { files }'
  lines.push(`const { id } = await client.run(${JSON.stringify(endpointId)}, request${more})`)
  lines.push(`const job = await client.wait(${JSON.stringify(endpointId)}, id)`)
  lines.push(`console.dir(job, { depth: null })`)
  return `${lines.join('\n')}\n`
}

function importLine(what: string, where: string): string {
  return `import ${what} from ${JSON.stringify(where)}`
}

function python(sending: Sending): string {
  const { baseUrl, endpointId, request, files } = sending
  if (files.length === 0) {
    return `import os

import runpod

runpod.api_key = os.environ["${variable}"]
runpod.endpoint_url_base = ${JSON.stringify(`${baseUrl}/v2`)}
job = runpod.Endpoint(${JSON.stringify(endpointId)}).run(${pythonValue(request, '')})
print(job.output(timeout=600))
`
  }
  const fields = formOf(request).map(([name, text]) => {
    const member = request[name]
    const value =
      typeof member === 'string'
        ? JSON.stringify(text)
        : `json.dumps(${pythonValue(member, '    ')})`
    return `    (${JSON.stringify(name)}, (None, ${value})),\n`
  })
  const opened = files
    .filter(({ path }) => isBelowInput(path))
    .map(({ path, name }) => {
      return `    (${JSON.stringify(pointerOf(path))}, open(${JSON.stringify(name)}, "rb")),\n`
    })
  return `import json
import os

import requests

# requests reads the files into memory; for very large ones copy curl or TypeScript instead.
form = [
${fields.join('')}${opened.join('')}]
headers = {"Authorization": "Bearer " + os.environ["${variable}"]}
answer = requests.post(
    ${JSON.stringify(urlOf(sending, 'runsync'))}, headers=headers, files=form, timeout=600
)
print(json.dumps(answer.json(), indent=2))
`
}

function urlOf({ baseUrl, endpointId }: Sending, operation: string): string {
  return `${baseUrl}/v2/${encodeURIComponent(endpointId)}/${operation}`
}

/** The fields of a form that make the same request. */
function formOf(request: Readonly<Record<string, unknown>>): [name: string, text: string][] {
  return formMembers.flatMap((name): [string, string][] => {
    const member = request[name]
    if (member === undefined || member === null) return []
    return [[name, typeof member === 'string' ? member : JSON.stringify(member)]]
  })
}

/** What a form has no field for. */
function unfitOf({ request, files }: Sending): string[] {
  const members = Object.keys(request).filter((name) => !formMembers.includes(name))
  const paths = files.map(({ path }) => path).filter((path) => !isBelowInput(path))
  return [...members, ...paths]
}

function isBelowInput(path: string): boolean {
  return pointerOf(path).startsWith('/input/')
}

/** The JSON Pointer of the request that means the same as the client's path. */
function pointerOf(path: string): string {
  if (path.startsWith('/')) return path
  const names = path.split('.').map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'))
  return `/input/${names.join('/')}`
}

/** One word of a POSIX shell. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A JSON value as Python has it; every JSON string is one of Python too. */
function pythonValue(value: unknown, indent: string): string {
  const deeper = `${indent}    `
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (Array.isArray(value)) {
    const items = value.map((one) => `${deeper}${pythonValue(one, deeper)},\n`)
    return items.length === 0 ? '[]' : `[\n${items.join('')}${indent}]`
  }
  const text = JSON.stringify(value)
  // A number kept as it was written is an object that JSON writes as a number.
  if (typeof value !== 'object' || !text.startsWith('{')) return text
  const members = Object.entries(value).map(
    ([name, one]) => `${deeper}${JSON.stringify(name)}: ${pythonValue(one, deeper)},\n`,
  )
  return members.length === 0 ? '{}' : `{\n${members.join('')}${indent}}`
}
