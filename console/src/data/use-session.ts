import { useSuspenseQuery } from '@tanstack/react-query'
import { queries } from './queries.ts'

/** Who is signed in and what this session may do. Only under the frame, which asks before it shows anything. */
export const useSession = () => useSuspenseQuery(queries.info()).data
