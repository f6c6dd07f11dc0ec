import type { Refusal } from './refusal.ts'

/**
 * The answers that are ours and not an app's. `kind` is stable: it is in the `Nightshift-Error` field, in
 * problem+json and in the access log.
 */
export type Failure = {
  status: number
  kind: string
  title: string
  /** What it means and what to do, for the person who sees it. */
  detail: string
  retryAfterSeconds?: number
  /** We answer in place of a service that should have (counted as `failed`). */
  forService: boolean
}

export const reasons: Record<number, string> = {
  308: 'Permanent Redirect',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

export function badRequest(refusal: Refusal): Failure {
  return {
    status: refusal.status,
    kind: refusal.rule,
    title: reasons[refusal.status] ?? 'Bad Request',
    detail: `The request was not understood: ${refusal.detail}.`,
    forService: false,
  }
}

export function unknownHost(host: string): Failure {
  return {
    status: 404,
    kind: 'unknown-host',
    title: 'Nothing lives here',
    detail: `No app answers to ${host === '' ? 'a request without a host' : host}. If it should, give an app this domain.`,
    forService: false,
  }
}

export function unknownPath(host: string): Failure {
  return { status: 404, kind: 'unknown-path', title: 'Not found', detail: `${host} has no route for this path.`, forService: false }
}

export const failures = {
  stopped: {
    status: 503,
    kind: 'stopped',
    title: 'This app is stopped',
    detail: 'Nothing of it is meant to run right now. It answers again once it is started.',
    forService: true,
  },
  noInstance: {
    status: 503,
    kind: 'no-instance',
    title: 'The app is not ready',
    detail: 'The request waited, but no instance became ready in time. Try again in a moment.',
    retryAfterSeconds: 5,
    forService: true,
  },
  queueFull: {
    status: 503,
    kind: 'queue-full',
    title: 'The app is not ready',
    detail: 'Too many requests wait for it already. Try again in a moment.',
    retryAfterSeconds: 5,
    forService: true,
  },
  circuitOpen: {
    status: 503,
    kind: 'circuit-open',
    title: 'The service does not answer',
    detail: 'Most calls of it failed lately, so this one was not tried. One is tried again in a moment.',
    forService: true,
  },
  lost: {
    status: 502,
    kind: 'lost',
    title: 'The app did not answer',
    detail: 'It closed the connection before it had answered. The request may or may not have been carried out.',
    forService: true,
  },
  malformed: {
    status: 502,
    kind: 'malformed',
    title: 'The app gave a broken answer',
    detail: 'Its response does not follow the HTTP standard and was not passed on.',
    forService: true,
  },
  bodyTimeout: {
    status: 408,
    kind: 'body-timeout',
    title: 'The request did not arrive',
    detail: 'Its body stopped arriving before it was complete.',
    forService: false,
  },
  timeout: {
    status: 504,
    kind: 'timeout',
    title: 'The app took too long',
    detail: 'It has the request and has not answered. The request may or may not have been carried out.',
    forService: true,
  },
} as const satisfies Record<string, Failure>
