/** Every page that tests walk and that is photographed; `ready` is what a visitor sees once it has loaded. */
export type Room = { name: string; path: string; ready: string; scene?: 'night' | 'quiet' | 'fresh' }

export const rooms: readonly Room[] = [
  { name: 'tonight', path: '/', ready: 'h1' },
  { name: 'map', path: '/map', ready: '.react-flow__node' },
  { name: 'map-selected', path: '/map?select=shop/production/api', ready: '.react-flow__node' },
  { name: 'apps', path: '/apps', ready: 'text=billing' },
  { name: 'app', path: '/apps/shop', ready: '.uplot canvas' },
  { name: 'app-degraded', path: '/apps/billing', ready: '.uplot canvas' },
  { name: 'app-working', path: '/apps/blog', ready: '.uplot canvas' },
  { name: 'app-down', path: '/apps/search', ready: '.uplot canvas' },
  { name: 'app-empty', path: '/apps/sandbox', ready: 'h1' },
  { name: 'app-stopped', path: '/apps/archive', ready: 'h1' },
  { name: 'releases', path: '/apps/shop/releases', ready: 'text=v16' },
  { name: 'app-logs', path: '/apps/shop/logs', ready: '[data-line]' },
  { name: 'config', path: '/apps/shop/config', ready: 'text=CHECKOUT_TIMEOUT' },
  { name: 'routes', path: '/apps/shop/routes', ready: 'text=shop.example.com' },
  { name: 'app-settings', path: '/apps/shop/settings', ready: 'text=Destroy' },
  { name: 'deploy', path: '/deploy', ready: 'text=git push' },
  { name: 'logs', path: '/logs', ready: '[data-line]' },
  { name: 'machines', path: '/machines', ready: 'text=heron' },
  { name: 'journal', path: '/journal', ready: 'text=shop v17 serves' },
  { name: 'settings', path: '/settings', ready: 'text=ci of shop' },
  { name: 'terminal', path: '/apps/shop/terminal/web.1', ready: '.xterm-rows' },
  { name: 'not-found', path: '/nowhere', ready: 'text=There is nothing here' },
]
