/** Names and labels of others, made such as ours may be. Pure. */
import { type Labels, maxLabelChars } from './model.ts'

/** What is no letter, digit or `_` becomes `_`; none begins with a digit. */
export function plainName(name: string): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9_:]+/g, '_').slice(0, 180)
  return /^[a-zA-Z_:]/.test(plain) ? plain : `_${plain}`
}

function plainLabel(name: string): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9_]+/g, '_').slice(0, 90)
  return /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`
}

export function labelText(text: string): string {
  return text.slice(0, maxLabelChars).replaceAll('\0', '\ufffd').toWellFormed()
}

const own: ReadonlySet<string> = new Set(['app', 'environment', 'service', 'instance', 'machine'])

/** Labels of a sender, whose own `app`, `service` … become `exported_…`: who it is, it does not say itself. Empty values are no labels. */
export function identityLabels(labels: Labels, from: { app: string; environment: string; service: string; instance: string | null; machine?: string }): Labels {
  const given = Object.entries(labels).filter(([, value]) => value !== '').map(([name, value]): [string, string] => {
    const plain = plainLabel(name)
    return [own.has(plain) ? `exported_${plain}` : plain, labelText(value)]
  })
  const { app, environment, service, instance, machine } = from
  return { ...Object.fromEntries(given), app, environment, service, ...(instance === null ? {} : { instance: labelText(instance) }), ...(machine === undefined ? {} : { machine }) }
}
