export function AppLogs() { return null }
