export function Machines() { return null }
