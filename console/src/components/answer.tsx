import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem } from './problem.tsx'
import { Skeleton } from './skeleton.tsx'

/** A question's three faces: its shape while it is asked, its problem, its answer. An old answer stays while a new one fails. */
export function Answer<T>({ query, children, loading = <Skeleton />, title }: { query: UseQueryResult<T>; children: (data: T) => ReactNode; loading?: ReactNode; title?: string }) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} {...(title === undefined ? {} : { title })} />
  return loading
}
