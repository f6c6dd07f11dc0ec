import { Dialog } from '../components/dialog.tsx'
import { keys } from './use-keys.ts'

export function KeysDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
        {keys.map((one) => (
          <div key={one.does} className="contents">
            <dt className="flex gap-1.5">
              {one.keys.map((key) => (
                <kbd key={key} className="rounded-sm border border-rule-strong px-1.5 text-sm whitespace-nowrap">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{one.does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
