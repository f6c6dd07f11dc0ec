/** The commands that the console teaches, in one place: a page never spells one itself. */
const at = (app: string, env?: string) => `--app ${app}${env === undefined || env === 'production' ? '' : ` --env ${env}`}`

export const commands = {
  up: 'nightshift up',
  loginLink: 'nightshift login-link',
  login: (url: string) => `nightshift login --url ${url}`,
  deployDirectory: (app?: string) => (app === undefined ? 'nightshift deploy' : `nightshift deploy ${at(app)}`),
  deployImage: (app: string) => `nightshift deploy --image nginx:1.29 --port 80 ${at(app)}`,
  gitRemote: (app: string, env?: string) => `nightshift git-remote ${at(app, env)}`,
  gitPush: (branch = 'main') => `git push nightshift ${branch}`,
  rollback: (app: string, to: number, env?: string) => `nightshift rollback v${to} ${at(app, env)}`,
  setSecret: (name: string, app: string, env?: string) => `nightshift secrets set ${name} ${at(app, env)}`,
  logs: (app: string, env?: string) => `nightshift logs -f ${at(app, env)}`,
  find: (query: string) => `nightshift find '${query.replaceAll("'", "'\\''")}'`,
  setSlo: 'nightshift slo shop --availability 99.9% --p99 500ms',
  events: 'nightshift events -f',
  traces: 'nightshift traces --since 1d',
  exec: (app: string, instance: string, env?: string) => `nightshift exec ${at(app, env)} ${instance}`,
} as const

/** Whether a way out is to be typed, or to be read. */
export const isCommand = (text: string) => /^(nightshift|git|docker|ssh) \S/.test(text)
