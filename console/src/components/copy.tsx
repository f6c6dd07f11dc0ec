import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from './button.tsx'

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await copyText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1600)
  }
  return (
    <IconButton label={copied ? 'Copied' : label} onClick={() => void copy()} size="icon">
      {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
    </IconButton>
  )
}

/** Without https a browser offers no clipboard; a selected text area still copies. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** A command to type somewhere else. */
export function Command({ children }: { children: string }) {
  return (
    <div className="flex min-w-0 items-center gap-1 rounded-md border border-rule bg-well py-0.5 pl-3.5 pr-1">
      <pre className="min-w-0 flex-1 py-1.5 text-sm break-words whitespace-pre-wrap">
        <span aria-hidden="true" className="select-none text-soft">
          ${' '}
        </span>
        {children}
      </pre>
      <CopyButton text={children} label="Copy command" />
    </div>
  )
}
