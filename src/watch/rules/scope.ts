/** A series as a thing that queries name. Pure. */
import { type Thing, matches } from '#watch/selectors/match.ts'
import { parseQuery } from '#watch/selectors/parse.ts'
import type { Labels } from './model.ts'

export type Tags = { machines: ReadonlyMap<string, readonly string[]>; /** By `shop/production`. */ environments: ReadonlyMap<string, readonly string[]> }

/** Whether a series is of what the query names; no query: every series is. */
export function scopeOf(scope: string | null, tags: Tags): (labels: Labels) => boolean {
  if (scope === null) return () => true
  const query = parseQuery(scope)
  return (labels) => matches(query, seriesThing(labels, tags))
}

function seriesThing(labels: Labels, tags: Tags): Thing {
  const one = (value: string | undefined) => (value === undefined ? [] : [value])
  const { app, environment, service, instance, machine, check, release } = labels
  return {
    kind: check !== undefined ? 'check' : instance !== undefined ? 'instance' : service !== undefined ? 'service' : app !== undefined ? 'app' : machine !== undefined ? 'machine' : null,
    names: [check, instance, service, app, machine].filter((name) => name !== undefined).slice(0, 1),
    fields: {
      app: one(app), env: one(environment), service: one(service), instance: one(instance), machine: one(machine), check: one(check), release: release === undefined ? [] : [release, `v${release}`],
      tag: [...((machine === undefined ? undefined : tags.machines.get(machine)) ?? []), ...(app === undefined ? [] : (tags.environments.get(`${app}/${environment ?? 'production'}`) ?? []))],
    },
  }
}
