import http from 'node:http'

export { until } from '#test/harness/wait.ts'

export function fetchText(address: { host: string; port: number }, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ ...address, path, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve(text))
        response.on('error', reject)
      })
      .on('error', reject)
  })
}
