import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A certificate of its own for loopback and `hosts`, for a day; `cert` and `key` are the files it is
 * written to.
 */
export async function makeCertificate(
  cert: string,
  key: string,
  hosts: readonly string[] = [],
): Promise<{ readonly key: string; readonly cert: string }> {
  const dns = ['localhost', ...hosts].map((host) => `DNS:${host}`)
  const names = `subjectAltName=IP:127.0.0.1,${dns.join(',')}`
  const subject = ['-subj', '/CN=localhost', '-addext', names]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const request = ['req', '-x509', ...curve, '-nodes', '-days', '1', ...subject]
  await run('openssl', [...request, '-keyout', key, '-out', cert])
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}
