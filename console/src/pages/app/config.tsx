export function Config() { return null }
