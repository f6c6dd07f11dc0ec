/** The rule and series that an alert is of; null: of something else. */
export function ruleOf(target: string): { rule: string; series: string } | null {
  const match = /^rule:([a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){0,2}):(?!.*\/)(.*)$/.exec(target)
  return match === null ? null : { rule: match[1] as string, series: match[2] as string }
}

/** Where a rule of a manifest stands, by its id: `shop.queue`, `shop.staging.queue`. */
export function declaredPlace(id: string): { app: string; environment: string; name: string } {
  const parts = id.split('.')
  return { app: parts[0] ?? id, environment: parts.length === 3 ? (parts[1] as string) : 'production', name: parts.at(-1) ?? id }
}
