import { getRouteApi } from '@tanstack/react-router'
import { type MapFilter, paths } from '../paths.ts'

const route = getRouteApi('/signed-in/map')

/** The address of the same map with something changed: the moment, the filter and what is open stay. */
export function useMapHref(): (change: MapFilter) => string {
  const here = route.useSearch()
  return (change) => paths.map({ ...here, ...change })
}

/** `open` with one group more, or without it. */
export function toggled(open: string | undefined, group: string): string | undefined {
  const groups = (open ?? '').split(',').filter(Boolean)
  return (groups.includes(group) ? groups.filter((one) => one !== group) : [...groups, group]).join(',') || undefined
}
