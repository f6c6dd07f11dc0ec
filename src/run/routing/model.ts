export type DomainRow = { host: string; path: string; app: string; environment: string; service: string; certificate_pem: string | null; sealed_key: Buffer | null; created_at: Date }
export type EdgeRow = { app: string; environment: string; from_service: string; to_service: string; port: number }

/** Listeners of edges live in this range, one port an edge, kept as long as the edge is wanted. */
export const edgePorts = { first: 30_000, last: 39_999 } as const

/** A certificate key's ciphertext is bound to its place. */
export function keyPlace(host: string, path: string): string {
  return `certificate-key:${host}${path}`
}
