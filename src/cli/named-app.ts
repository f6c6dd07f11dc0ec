import type { Client } from '#contract/client.ts'

/**
 * Of an app that is gone there may be lines, events and counts, so those who look ask about any name. When nothing was
 * found, a name that no app has is more likely a slip of the fingers: throws `not-found` then. Does nothing for no name.
 */
export async function checkNamedApp(client: Client, app: string | undefined): Promise<void> {
  if (app !== undefined) await client.call('apps.read', { params: { app } })
}
