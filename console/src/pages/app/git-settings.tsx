import { type FormEvent, useState } from 'react'
import type { AppDetail } from '#contract/model.ts'
import { Button } from '../../components/button.tsx'
import { Command } from '../../components/copy.tsx'
import { Check, Input } from '../../components/field.tsx'
import { FormProblem } from '../../components/problem.tsx'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { commands } from '../../lib/commands.ts'

/** Which branch deploys, and whether its history may be rewritten. */
export function GitSettings({ app }: { app: AppDetail }) {
  const { access } = useSession()
  const [branch, setBranch] = useState(app.settings.deployBranch)
  const [force, setForce] = useState(app.settings.allowForcePush)
  const save = useAction('apps.settings', { touches: ['app'], quiet: true, done: 'Saved' })
  const unchanged = branch === app.settings.deployBranch && force === app.settings.allowForcePush
  const whyNot = access === 'read' ? 'needs deploy access, this session has read' : unchanged ? 'nothing has changed' : branch === '' ? 'name a branch' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) save.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: { deployBranch: branch, allowForcePush: force } })
  }
  return (
    <div className="grid gap-x-10 gap-y-6 md:grid-cols-2">
      <form onSubmit={submit} className="space-y-4">
        <Input label="Branch that deploys" value={branch} onChange={(event) => setBranch(event.target.value.trim())} className="[&_input]:font-mono" hint="A push to another branch is kept and deploys nothing." />
        <Check label="Allow force pushes to it" hint="Otherwise a push that rewrites its history is refused." checked={force} onChange={setForce} />
        <FormProblem error={save.error} />
        <Button type="submit" busy={save.isPending} whyNot={whyNot} onClick={() => {}}>
          Save
        </Button>
      </form>
      <div className="space-y-2">
        <p className="text-sm text-soft">To deploy by push, once and then each time:</p>
        <Command>{commands.gitRemote(app.name, app.environment)}</Command>
        <Command>{commands.gitPush(app.settings.deployBranch)}</Command>
      </div>
    </div>
  )
}
