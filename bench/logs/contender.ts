import type { Corpus } from './corpus.ts'
import type { Search } from './searches.ts'

export type Stored = { seconds: number; /** Of all its processes, and of the one that feeds it. */ cpuSeconds: number; bytesPerLine: number; notes: Record<string, string> }

export type Contender = {
  name: string
  /** Why it is not here; null if it is. */
  absent: string | null
  store(corpus: Corpus): Promise<Stored>
  /** Lines found; null: it cannot search for that. */
  search(search: Search): Promise<number | null>
  close(): Promise<void>
}
