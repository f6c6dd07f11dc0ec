import Anser from 'anser'

/** The sixteen colours of a terminal, by meaning: a log is read, not admired. */
const tones: Record<string, string> = { 'ansi-red': 'text-red', 'ansi-bright-red': 'text-red', 'ansi-green': 'text-healthy', 'ansi-bright-green': 'text-healthy', 'ansi-yellow': 'text-amber', 'ansi-bright-yellow': 'text-amber', 'ansi-blue': 'text-accent', 'ansi-bright-blue': 'text-accent', 'ansi-cyan': 'text-accent', 'ansi-bright-cyan': 'text-accent', 'ansi-magenta': 'text-violet', 'ansi-bright-magenta': 'text-violet', 'ansi-black': 'text-soft', 'ansi-bright-black': 'text-soft' }

/** A line with its escape codes as colours; everything else they could do is dropped. */
export function Ansi({ text }: { text: string }) {
  if (!text.includes('\u001b')) return text
  return Anser.ansiToJson(text, { use_classes: true, remove_empty: true }).map((part, index) => {
    const tone = part.fg === null ? '' : (tones[part.fg] ?? '')
    const weight = part.decorations.includes('bold') ? 'font-semibold' : ''
    const dim = part.decorations.includes('dim') && tone === '' ? 'text-soft' : ''
    const line = part.decorations.includes('underline') ? 'underline' : ''
    return <span key={index} className={`${tone} ${weight} ${dim} ${line}`}>{part.content.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')}</span>
  })
}

export const plainText = (text: string) => (text.includes('\u001b') ? Anser.ansiToText(text) : text)
