import type { Forward } from '#contract/forwards.ts'
import type { Handlers } from '#kernel/handlers.ts'

/** Two forwards: one that is well, one that is not answered. */
export function forwardHandlers(): Handlers {
  const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
  const common = { createdAt: ago(9 * 86_400_000), createdBy: 'ada', dropped: 0, failingSince: null, retryAt: null, lastError: null }
  const well: Forward = { ...common, id: 'fwd_1', url: 'https://prometheus.example.com/api/v1/write', labels: { cluster: 'eu' }, state: 'sending', position: ago(4000), sent: 48_204_118, lastSentAt: ago(4000) }
  const failing: Forward = { ...common, id: 'fwd_2', url: 'https://metrics.example.com/…', labels: {}, state: 'failing', position: ago(7_400_000), sent: 902_120, dropped: 2000, lastSentAt: ago(7_400_000), failingSince: ago(7_300_000), retryAt: ago(-120_000), lastError: 'it answered 503: ingesters are not ready' }
  return {
    'forwards.list': async () => [well, failing],
    'forwards.add': async ({ body }) => ({ ...well, id: 'fwd_3', url: body.url, labels: body.labels, sent: 0, lastSentAt: null }),
    'forwards.test': async () => ({ ok: true, because: `${well.url} took a sample of nightshift_forward_test`, tookMs: 12 }),
    'forwards.remove': async () => ({}),
  }
}
