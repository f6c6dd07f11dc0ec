/** Lines that belong to no app stand under a name that no app can have: those of Nightshift's own processes, of machines, and of syslog that comes in. */
export const systemApp = 'nightshift'
export const systemEnvironment = 'system'
