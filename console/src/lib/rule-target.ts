/** The rule and series that an alert is of; null: of something else. */
export function ruleOf(target: string): { rule: string; series: string } | null {
  const match = /^rule:([a-z][a-z0-9-]*):(?!.*\/)(.*)$/.exec(target)
  return match === null ? null : { rule: match[1] as string, series: match[2] as string }
}
