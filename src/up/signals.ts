/** To the supervisor and to an agent: stop all apps of this machine, then end. They start again at the next start. */
export const stopAppsSignal = 'SIGUSR2'
/** To any process of ours: end gracefully and leave the apps running. */
export const endSignal = 'SIGTERM'

/** The agent may need this long to stop every app: drain, signal, grace, kill. */
export const stopAppsGraceMs = 120_000
