import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type AppRef, queries } from '../../data/queries.ts'

const route = getRouteApi('/signed-in/apps/$app')

/** The app and environment in the address. */
function useAppRef(): AppRef {
  const { app } = route.useParams()
  const { env } = route.useSearch()
  return { app, env: env ?? 'production' }
}

export function useApp() {
  const ref = useAppRef()
  return { ref, query: useQuery(queries.app(ref)) }
}
