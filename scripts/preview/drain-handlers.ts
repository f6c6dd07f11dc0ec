import type { Drain } from '#contract/drains.ts'
import type { Handlers } from '#kernel/handlers.ts'

/** Two drains of each app: one that is well, one that is refused. */
export function drainHandlers(): Handlers {
  const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
  const common = { createdAt: ago(9 * 86_400_000), createdBy: 'ada', dropped: 0, failingSince: null, retryAt: null, lastError: null }
  const drains = (app: string): Drain[] => [
    { ...common, id: 'drn_1', app, kind: 'syslog', url: 'syslog+tls://logs.example.com:6514', state: 'sending', sent: 1_204_118, lastSentAt: ago(2000) },
    { ...common, id: 'drn_2', app: null, kind: 'loki', url: 'loki+https://loki.example.com', state: 'failing', sent: 88_120, dropped: 410, lastSentAt: ago(7_500_000), failingSince: ago(7_400_000), retryAt: ago(-120_000), lastError: 'it answered 401: no credentials provided' },
  ]
  return {
    'drains.list': async ({ query }) => drains(query.app ?? 'shop'),
    'drains.add': async ({ body }) => ({ ...(drains('shop')[0] as Drain), id: 'drn_3', app: body.app, url: body.url, sent: 0, lastSentAt: null }),
    'drains.test': async () => ({ ok: true, because: 'syslog+tls://logs.example.com:6514 took a line', tookMs: 12 }),
    'drains.remove': async () => ({}),
  }
}
