/**
 * Generated from endpoints.ts (npm run generate): what a caller must know of each endpoint, without the schemas. Loading
 * those takes longer than a whole command of the CLI, and would be the largest part of the console.
 */
import type { EndpointId, Method } from './endpoints.ts'

export type CallSpec = { method: Method; path: string; body?: true; upload?: string }

export const calls: Record<EndpointId, CallSpec> = {
  'system.health': { method: 'GET', path: '/v1/health' },
  'system.info': { method: 'GET', path: '/v1/info' },
  'login.link': { method: 'POST', path: '/v1/login-links', body: true },
  'login.redeem': { method: 'POST', path: '/v1/login', body: true },
  'login.logout': { method: 'POST', path: '/v1/logout' },
  'tokens.list': { method: 'GET', path: '/v1/tokens' },
  'tokens.create': { method: 'POST', path: '/v1/tokens', body: true },
  'tokens.revoke': { method: 'DELETE', path: '/v1/tokens/{id}' },
  'tonight.read': { method: 'GET', path: '/v1/tonight' },
  'map.read': { method: 'GET', path: '/v1/map' },
  'machines.list': { method: 'GET', path: '/v1/machines' },
  'events.list': { method: 'GET', path: '/v1/events' },
  'events.stream': { method: 'GET', path: '/v1/events/stream' },
  'logs.list': { method: 'GET', path: '/v1/logs' },
  'logs.stream': { method: 'GET', path: '/v1/logs/stream' },
  'traffic.read': { method: 'GET', path: '/v1/traffic' },
  'resources.read': { method: 'GET', path: '/v1/apps/{app}/resources' },
  'apps.list': { method: 'GET', path: '/v1/apps' },
  'apps.create': { method: 'POST', path: '/v1/apps', body: true },
  'apps.read': { method: 'GET', path: '/v1/apps/{app}' },
  'apps.destroy': { method: 'DELETE', path: '/v1/apps/{app}' },
  'apps.settings': { method: 'PATCH', path: '/v1/apps/{app}/settings', body: true },
  'apps.stop': { method: 'POST', path: '/v1/apps/{app}/stop' },
  'apps.start': { method: 'POST', path: '/v1/apps/{app}/start' },
  'apps.restart': { method: 'POST', path: '/v1/apps/{app}/restart', body: true },
  'apps.scale': { method: 'POST', path: '/v1/apps/{app}/scale', body: true },
  'apps.manifest': { method: 'GET', path: '/v1/apps/{app}/manifest' },
  'builds.create': { method: 'POST', path: '/v1/apps/{app}/builds', upload: 'application/gzip' },
  'builds.image': { method: 'POST', path: '/v1/apps/{app}/images', body: true },
  'builds.list': { method: 'GET', path: '/v1/apps/{app}/builds' },
  'builds.read': { method: 'GET', path: '/v1/apps/{app}/builds/{build}' },
  'builds.cancel': { method: 'POST', path: '/v1/apps/{app}/builds/{build}/cancel' },
  'builds.log': { method: 'GET', path: '/v1/apps/{app}/builds/{build}/log' },
  'deploys.follow': { method: 'GET', path: '/v1/apps/{app}/builds/{build}/progress' },
  'releases.list': { method: 'GET', path: '/v1/apps/{app}/releases' },
  'releases.rollback': { method: 'POST', path: '/v1/apps/{app}/rollback', body: true },
  'rollouts.cancel': { method: 'POST', path: '/v1/apps/{app}/rollout/cancel' },
  'config.read': { method: 'GET', path: '/v1/apps/{app}/config' },
  'config.change': { method: 'PATCH', path: '/v1/apps/{app}/config', body: true },
  'secrets.change': { method: 'PATCH', path: '/v1/apps/{app}/secrets', body: true },
  'routes.list': { method: 'GET', path: '/v1/apps/{app}/routes' },
  'domains.add': { method: 'POST', path: '/v1/apps/{app}/domains', body: true },
  'domains.remove': { method: 'DELETE', path: '/v1/apps/{app}/domains/{host}' },
  'terminals.open': { method: 'POST', path: '/v1/apps/{app}/terminals', body: true },
}
