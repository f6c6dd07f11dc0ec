import { QueryCache, QueryClient } from '@tanstack/react-query'
import { isAppError } from '#base/errors.ts'
import { isSignedOut } from './api.ts'

/** `onSignedOut` is called when any answer says that the session has ended. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error) => isSignedOut(error) && onSignedOut() }),
    defaultOptions: {
      queries: {
        staleTime: 2000,
        refetchOnWindowFocus: true,
        // what is missing or forbidden stays so; what was unreachable is worth another try
        retry: (tries, error) => tries < 2 && (!isAppError(error) || error.code === 'unavailable'),
        retryDelay: (tries) => 400 * 2 ** tries,
      },
    },
  })
}
