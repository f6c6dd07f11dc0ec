export function AppSettings() { return null }
