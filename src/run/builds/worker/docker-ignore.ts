/**
 * .dockerignore, which clients of the container engine apply themselves. Patterns count from the top of the context; `*`
 * and `?` stay within a folder, `**` does not, `!` takes back; the last pattern that matches decides.
 */
export type Ignore = {
  /** Whether a file or folder is left out. */
  leavesOut(path: string): boolean
  /** A folder that is left out may still hold something that is not. */
  mustLookInside: boolean
}

export function parseDockerIgnore(text: string): Ignore {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const takesBack = line.startsWith('!')
      const pattern = (takesBack ? line.slice(1).trim() : line).replace(/^\/+|\/+$/g, '').replace(/^(\.\/)+/, '')
      return { takesBack, pattern, matches: matcher(pattern) }
    })
    .filter((rule) => rule.pattern !== '' && rule.pattern !== '.')
  return {
    mustLookInside: rules.some((rule) => rule.takesBack),
    leavesOut: (path) => rules.reduce((out, rule) => (rule.matches.test(path) ? !rule.takesBack : out), false),
  }
}

/** A pattern also stands for everything below what it matches. */
function matcher(pattern: string): RegExp {
  let source = ''
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string
    if (char === '*' && pattern[i + 1] === '*') {
      i++
      if (pattern[i + 1] === '/') {
        i++
        source += '(?:.*/)?'
      } else source += '.*'
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else source += char.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  }
  return new RegExp(`^${source}(?:/.*)?$`)
}
