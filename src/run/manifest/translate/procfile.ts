/** Procfile: `type: command` a line. `release` runs before traffic moves; every other type is a service. */
import { AppError, type FieldFault } from '#base/errors.ts'
import { readSource } from '../source.ts'
import { asServiceName, type ServiceInput, type Translation } from './types.ts'

/** The process types in order. Throws `invalid` with the line of every fault. */
export function parseProcfile(text: string): Map<string, string> {
  const types = new Map<string, string>()
  const faults: FieldFault[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const fault = (message: string) => faults.push({ path: '', message: `${message} at line ${index + 1}`, line: index + 1, column: 1 })
    const match = /^([A-Za-z][A-Za-z0-9_-]{0,62})\s*:\s*(.+)$/.exec(line)
    if (match === null) fault(`"${line.slice(0, 40)}" is not of the form "type: command"`)
    else if (types.has(match[1] as string)) fault(`the process type ${match[1]} is there twice`)
    else types.set(match[1] as string, match[2] as string)
  }
  if (faults.length > 0) throw new AppError('invalid', `Procfile: ${faults.map((fault) => fault.message).join('; ')}`, { fields: faults })
  return types
}

export async function fromProcfile(dir: string): Promise<Translation | null> {
  const text = await readSource(dir, 'Procfile')
  if (text === null) return null
  const types = parseProcfile(text)
  const services: Record<string, ServiceInput> = {}
  const notes: string[] = []
  let release: string | undefined
  for (const [type, command] of types) {
    if (type === 'release') {
      release = command
      continue
    }
    const name = asServiceName(type) as string // the grammar above leaves something of every type
    if (services[name] !== undefined) throw new AppError('invalid', `Procfile: ${type} and another type would both be the service ${name}`)
    if (name !== type) notes.push(`the process type ${type} is the service ${name}`)
    services[name] = name === 'web' ? { command } : { command, port: false }
  }
  if (Object.keys(services).length === 0) throw new AppError('invalid', 'Procfile names no process besides release (add a line "web: <command>")')
  notes.unshift(`read Procfile: ${[...types.keys()].join(', ')}`)
  if (services['web'] === undefined) notes.push('no process type is called web, so nothing of it is served to the public')
  return { source: 'Procfile', manifest: { services, ...(release === undefined ? {} : { release }) }, notes }
}
