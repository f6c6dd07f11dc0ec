import { useSuspenseQuery } from '@tanstack/react-query'
import { queries } from './queries.ts'

/** Who is signed in and what this session may do. Only under the frame, which asks before it shows anything. */
export const useSession = () => useSuspenseQuery(queries.info()).data

/** Why this session may change nothing; null: it may. */
export function useMayNot(): string | null {
  const { access } = useSession()
  return access === 'read' ? 'needs deploy access, this session has read' : null
}
