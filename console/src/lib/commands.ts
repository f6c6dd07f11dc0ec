/** The commands that the console teaches, in one place: a page never spells one itself. */
const at = (app: string, env?: string) => `--app ${app}${env === undefined || env === 'production' ? '' : ` --env ${env}`}`

export const commands = {
  up: 'nightshift up',
  loginLink: 'nightshift login-link',
  login: (url: string) => `nightshift login ${url}`,
  deployDirectory: (app?: string) => (app === undefined ? 'nightshift deploy' : `nightshift deploy ${at(app)}`),
  deployImage: (app: string, image = 'registry.example.com/team/web:1.4') => `nightshift deploy --image ${image} ${at(app)}`,
  gitRemote: (gitUrl: string) => `git remote add nightshift ${gitUrl}`,
  gitPush: (branch = 'main') => `git push nightshift ${branch}`,
  newToken: (app: string) => `nightshift tokens create git --scope deploy --apps ${app}`,
  rollback: (app: string, to: number, env?: string) => `nightshift rollback v${to} ${at(app, env)}`,
  setSecret: (name: string, app: string, env?: string) => `nightshift secrets set ${name} ${at(app, env)}`,
  logs: (app: string, env?: string) => `nightshift logs -f ${at(app, env)}`,
  events: 'nightshift events -f',
  exec: (app: string, instance: string, env?: string) => `nightshift exec ${at(app, env)} -i ${instance} -- sh`,
} as const
