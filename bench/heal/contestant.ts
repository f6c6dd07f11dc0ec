export const strikes = ['kill -9', 'freeze', 'hang', 'restart'] as const
/**
 * What is done to one of the processes: SIGKILL; SIGSTOP; its own code stops answering; or (to all, in the peer's own
 * gentle way) a restart that an operator asks for.
 */
export type Strike = (typeof strikes)[number]

export type Running = AsyncDisposable & {
  url: string
  /** Host header, where the URL's is not it. */
  host?: string
  strike(how: Strike): Promise<void>
  /** All that its processes have written, of this start. */
  lines(): Promise<string[]>
}

export type Contestant = {
  name: string
  /** Programs on the PATH without which it cannot take part. */
  programs: readonly string[]
  docker: boolean
  /** Resolves when `count` processes serve. `folder` is its own and empty. */
  start(folder: string, count: number): Promise<Running>
}

export function signalTo(pid: number, how: 'kill -9' | 'freeze'): void {
  if (!(pid > 1)) throw new Error(`there is no process ${pid} to strike`)
  process.kill(pid, how === 'kill -9' ? 'SIGKILL' : 'SIGSTOP')
}

/** Makes the process there hang; it never answers this either. */
export async function hang(address: string): Promise<void> {
  await fetch(`http://${address}/hang`, { signal: AbortSignal.timeout(200) }).catch(() => {})
}
