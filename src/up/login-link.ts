import { createClient } from '#contract/client.ts'

/** A one-time login link for the console, made with the local admin credential. */
export async function loginLink(apiUrl: string, adminToken: string): Promise<string> {
  const { url } = await createClient({ baseUrl: apiUrl, token: adminToken }).call('login.link', { body: { name: 'operator' } })
  return url
}
