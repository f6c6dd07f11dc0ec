/** The headings of our own documents, for searching. Pure but for `readDocs`. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type DocSection = { /** `logs.md` */ file: string; heading: string; /** `how-long`, as GitHub makes it; empty for the title. */ anchor: string; /** Title of the document. */ document: string; excerpt: string }

/** The documents that this version comes with. */
export const docsFolder = join(import.meta.dirname, '../../../docs')

const excerptLength = 600

export function sectionsOf(file: string, text: string): DocSection[] {
  const sections: DocSection[] = []
  let fenced = false
  let lines: string[] = []
  const finish = () => {
    const last = sections.at(-1)
    if (last !== undefined) last.excerpt = lines.join('\n').trim().slice(0, excerptLength)
    lines = []
  }
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced
    const heading = fenced ? undefined : /^(#{1,4}) +(.+?) *#*$/.exec(line)
    if (heading === null || heading === undefined) {
      lines.push(line)
      continue
    }
    finish()
    const title = (heading[2] as string).replaceAll('`', '')
    sections.push({ file, heading: title, anchor: heading[1] === '#' ? '' : anchorOf(title), document: sections[0]?.heading ?? title, excerpt: '' })
  }
  finish()
  return sections
}

function anchorOf(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
}

/** Of every `.md` directly in `folder`; none where there is no such folder. */
export async function readDocs(folder: string): Promise<DocSection[]> {
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.md')).sort()
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return files.flatMap((name, nth) => sectionsOf(name, texts[nth] as string))
}
