import { Agent, fetch as undiciFetch } from 'undici'
import { loopback } from './request-loop.ts'

const dispatcher = new Agent({ connect: { lookup: loopback, rejectUnauthorized: false }, keepAliveTimeout: 1000 })

/** `fetch` for apps of a test: every host name is this machine, and certificates made by the test are believed. */
export const appFetch: typeof fetch = (input, init) => undiciFetch(input as string, { ...(init as object), dispatcher }) as unknown as Promise<Response>
