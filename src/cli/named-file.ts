/** Why a file that somebody named was not read, in words of ours and with the name as it was given. */
import { messageOf } from '#base/errors.ts'

const words: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `there is no file ${file}`,
  ENOTDIR: (file) => `there is no file ${file}`,
  EISDIR: (file) => `${file} is a folder, and a file is asked for`,
  EACCES: (file) => `you may not read ${file}`,
}

export function unreadable(file: string, error: unknown): string {
  return words[(error as NodeJS.ErrnoException).code ?? '']?.(file) ?? `cannot read ${file}: ${messageOf(error)}`
}
