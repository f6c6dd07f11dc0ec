export function Deploy() { return null }
