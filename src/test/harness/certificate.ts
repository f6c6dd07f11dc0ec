import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tempHome } from './home.ts'

/** A fresh self-signed certificate of this machine (`localhost` and 127.0.0.1), good for two days; made by openssl. */
export async function localCertificate(): Promise<{ certPem: string; keyPem: string }> {
  await using folder = await tempHome('ns-cert-')
  const [cert, key] = [join(folder.home, 'cert.pem'), join(folder.home, 'key.pem')]
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert]
  await promisify(execFile)('openssl', args)
  return { certPem: await readFile(cert, 'utf8'), keyPem: await readFile(key, 'utf8') }
}
