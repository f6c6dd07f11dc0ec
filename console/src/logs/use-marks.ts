import { useQuery } from '@tanstack/react-query'
import type { JournalEvent } from '#contract/model.ts'
import { api } from '../data/api.ts'
import type { LogFilter } from '../paths.ts'

/** What cuts a service's timeline: releases, restarts, and what people did to it. */
const kinds = new Set<string>(['release.activated', 'instance.restarting', 'instance.held', 'app.restarted', 'app.stopped', 'app.started', 'bake.condemned', 'remediation.tried'])

/** Oldest first; none while no app is chosen. */
export function useMarks({ app, env = 'production', service, instance }: LogFilter): readonly JournalEvent[] {
  const { data } = useQuery({
    queryKey: ['log-marks', app, env, service, instance],
    enabled: app !== undefined,
    queryFn: async ({ signal }) => {
      const events = await api.call('events.list', { query: { app, environment: env, limit: 500 } }, signal)
      const fits = (event: JournalEvent) => kinds.has(event.kind) && (service === undefined || event.service === null || event.service === service) && (instance === undefined || event.instance === null || event.instance === instance)
      return events.filter(fits).reverse()
    },
    refetchInterval: 10_000,
    structuralSharing: true,
  })
  return data ?? none
}

const none: readonly JournalEvent[] = []
