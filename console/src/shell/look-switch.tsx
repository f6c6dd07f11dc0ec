import { Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { type Theme, onLookChange, setTheme, themeNow, themes } from '../lib/theme.ts'

const icons = { system: Monitor, night: Moon, day: Sun }
const words: Record<Theme, string> = { system: 'As the system', night: 'Night', day: 'Day' }

export const useTheme = () => useSyncExternalStore(onLookChange, themeNow)

export function LookSwitch() {
  const theme = useTheme()
  return (
    <fieldset className="flex rounded-md border border-rule p-0.5">
      <legend className="sr-only">Theme</legend>
      {themes.map((one) => {
        const Icon = icons[one]
        return (
          <label key={one} title={words[one]} className="relative flex flex-1 cursor-pointer justify-center rounded-[4px] py-1.5 text-soft hover:text-ink has-checked:bg-hover has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent">
            <input type="radio" name="theme" aria-label={words[one]} className="absolute inset-0 cursor-pointer opacity-0" checked={theme === one} onChange={() => setTheme(one)} />
            <Icon size={14} strokeWidth={1.7} aria-hidden />
          </label>
        )
      })}
    </fieldset>
  )
}
