import { request } from 'node:http'

/** Whether a container engine answers on a Unix socket, the default one or that of DOCKER_HOST. */
export function engineAnswers(dockerHost: string | undefined): Promise<boolean> {
  const socketPath = dockerHost?.startsWith('unix://') ? dockerHost.slice('unix://'.length) : '/var/run/docker.sock'
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 2000, headers: { host: 'docker' } }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.on('timeout', () => ping.destroy())
    ping.on('error', () => resolve(false))
    ping.end()
  })
}
