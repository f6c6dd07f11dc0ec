/** A Python app without a Procfile: one service, web; the Python builder finds its command. */
import { hasFile } from '../source.ts'
import type { Translation } from './types.ts'

const marks = ['requirements.txt', 'pyproject.toml', 'main.py', 'app.py', 'manage.py', 'wsgi.py']

export async function fromPython(dir: string): Promise<Translation | null> {
  for (const name of marks) if (await hasFile(dir, name)) return { source: name, manifest: { services: { web: {} } }, notes: [`found ${name}: one service, web`] }
  return null
}
