/** `checks:` of a manifest: what is common to all, and one key that names the kind: `http: https://…`, with `expect` for the rest of it. */
import { z } from 'zod'
import { checkFaults } from './check-faults.ts'
import { type AnyCheckConfig, type CheckKind, checkKindSpecs, checkKinds, secretFields } from './check-kinds.ts'
import { checkCommon, checkName } from './checks.ts'
import { serviceName } from './names.ts'

const of = (kind: CheckKind) => z.union([z.string().max(4000), z.int(), z.record(z.string(), z.unknown())]).optional().meta({ title: `${checkKindSpecs[kind].main}, or map`, description: `${checkKindSpecs[kind].about}` })
const kinds = Object.fromEntries(checkKinds.filter((kind) => kind !== 'plugin' && kind !== 'process' && kind !== 'port' && kind !== 'file').map((kind) => [kind, of(kind)])) as Partial<Record<CheckKind, ReturnType<typeof of>>>

export const declaredCheckSchema = z.strictObject({
  name: checkName.meta({ title: 'name', description: 'Its name, once in the app.' }),
  ...kinds,
  expect: z.record(z.string(), z.unknown()).optional().meta({ title: 'map', description: 'What is expected: further fields of the kind, such as status and body of http.' }),
  service: serviceName.optional().meta({ description: 'The service it tells of.' }),
  ...checkCommon,
  needs: z.array(checkName).max(20).default([]).meta({ description: 'Checks of the app, by name: while one of these is down, this one is not told of.' }),
})
export type DeclaredCheck = z.output<typeof declaredCheckSchema>

export type Declared = { kind: CheckKind; config: AnyCheckConfig } | { faults: { path: (string | number)[]; message: string }[] }

/** Its kind and config with every default filled in, or what is wrong with it. Pure. */
export function declaredConfig(check: DeclaredCheck): Declared {
  const given = checkKinds.filter((kind) => (check as Record<string, unknown>)[kind] !== undefined)
  const [kind] = given
  if (kind === undefined || given.length > 1) return { faults: [{ path: [], message: `the check "${check.name}" must name one kind, and names ${given.length === 0 ? 'none' : given.join(' and ')} (${Object.keys(kinds).join(', ')})` }] }
  const value = (check as Record<string, unknown>)[kind]
  const { main, config } = checkKindSpecs[kind]
  const parsed = config.safeParse({ ...(typeof value === 'object' && value !== null ? value : { [main]: value }), ...check.expect })
  const secret = parsed.success ? secretFields(kind).find((name) => (parsed.data as AnyCheckConfig)[name] !== undefined) : undefined
  if (secret !== undefined) return { faults: [{ path: [kind], message: `the check "${check.name}" holds ${secret}, and a manifest holds no secrets (make this check with nightshift checks add)` }] }
  if (parsed.success) return { kind, config: parsed.data as AnyCheckConfig }
  return { faults: checkFaults(kind, parsed.error).map(({ path, message }) => ({ path: [kind, ...path], message: `the check "${check.name}": ${message}` })) }
}
