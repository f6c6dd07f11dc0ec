import { isAppError } from '#base/errors.ts'
import { createClient } from '#contract/client.ts'

export const api = createClient({ baseUrl: '' })

/** The session is gone, or was never there. */
export const isSignedOut = (error: unknown) => isAppError(error, 'unauthenticated')
