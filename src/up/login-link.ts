import { request } from 'node:http'
import { AppError } from '#base/errors.ts'

/**
 * A one-time login link for the console, made with the local admin credential. Not by the contract's client: its schemas
 * would stay in the memory of the supervisor for this one call.
 */
export function loginLink(apiUrl: string, adminToken: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
    const call = request(`${apiUrl}/v1/login-links`, { method: 'POST', headers, timeout: 10_000, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const url = /"url":"([^"]+)"/.exec(text)?.[1]
        if (response.statusCode === 200 && url !== undefined) resolve(url)
        else reject(new AppError('unavailable', `control made no login link: ${response.statusCode} ${text.slice(0, 200)}`))
      })
    })
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')))
    call.on('error', reject)
    call.end('{"name":"operator"}')
  })
}
