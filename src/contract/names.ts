import { z } from 'zod'

/** The grammars of every identifier that comes from outside. Nothing else is ever used in a path, a host or a query. */
export const appName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must start with a letter and hold only a-z, 0-9 and -, 40 characters at most')
  .meta({ title: 'name' })
export const serviceName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,29}$/, 'must start with a letter and hold only a-z, 0-9 and -, 30 characters at most')
export const environmentName = serviceName
export const volumeName = serviceName
export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be letters, digits and _, not starting with a digit')
  .meta({ title: 'variable name' })
/** What an environment variable can hold: the system ends a value at a NUL. */
export const variableValue = z.string().max(32_768).regex(/^[^\0]*$/, 'must not hold a NUL character')
/** A host name in lower case, or `*.` and a host name. */
export const hostName = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a host name in lower case, such as shop.example.com or *.example.com',
  )
  .meta({ title: 'host name' })
export const pathPrefix = z
  .string()
  .max(200)
  .regex(/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/, 'must start with / and hold only path characters')
  .meta({ title: 'path' })
/** What git takes as the name of a branch (git-check-ref-format, in printable ASCII), so that a setting never breaks a repository. */
export const branchName = z
  .string()
  .max(100)
  .regex(/^(?![-/.]|HEAD$|@$)(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[!-~]*(?<![/.])$/, { error: branchFault })
  .regex(/^[^~^:?*[\\]+$/, { error: branchFault, abort: true })
  .meta({ title: 'branch' })
function branchFault({ input }: { input?: unknown }): string {
  return `${JSON.stringify(input)} is no name of a branch in git: no spaces, no ~ ^ : ? * [ \\, no "..", "//" or "@{", no part that begins with "." or ends with ".lock", no "-" or "/" at its start, no "/" or "." at its end, and not HEAD or @`
}
/** `web.1`: service and ordinal. */
export const instanceName = z.string().regex(/^[a-z][a-z0-9-]{0,29}\.[1-9][0-9]{0,4}$/, 'must be the name of an instance, like web.1')
export const machineName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be like node-1')

/** `shop/production/web`: how the data plane names a service. */
export type ServiceKey = string
export function serviceKey(app: string, environment: string, service: string): ServiceKey {
  return `${app}/${environment}/${service}`
}

/** The prefix of an environment's hosts: production is the app's own name. */
export function environmentSlug(app: string, environment: string): string {
  return environment === 'production' ? app : `${app}-${environment}`
}

/** Nightshift itself gives out the names under .localhost. */
export function isOwnHost(host: string): boolean {
  return /(^|\.)localhost$/.test(host)
}

/** Set by Nightshift in every instance; nobody else may. */
export function isReservedVariable(name: string): boolean {
  return name === 'PORT' || name.startsWith('NIGHTSHIFT_')
}

/** `data-files` → `NIGHTSHIFT_VOLUME_DATA_FILES`: where an instance finds its volume. */
export function volumeVariable(name: string): string {
  return `NIGHTSHIFT_VOLUME_${name.toUpperCase().replaceAll('-', '_')}`
}

export const ruleId = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'must start with a letter and hold only a-z, 0-9 and -, 60 characters at most').meta({ title: 'rule' })

export const selectorText = z.string().max(1000).meta({ title: 'query' })
