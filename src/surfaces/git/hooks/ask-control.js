/**
 * What a git hook does: tells control which refs are pushed, prints what control says, and ends as control decides.
 * Plain JavaScript without imports of ours, because git runs it for every push. If control is gone, the push is refused.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { env, argv, stdin, stdout } from 'node:process'

const updates = []
for await (const line of createInterface({ input: stdin })) {
  const [from, to, ref] = line.split(' ')
  if (ref !== undefined) updates.push({ from, to, ref })
}

const socket = connect(env.NIGHTSHIFT_HOOK_SOCKET)
let code = 1
let answered = false
socket.on('connect', () => {
  const request = {
    hook: argv[2],
    secret: env.NIGHTSHIFT_HOOK_SECRET,
    updates,
    // where git keeps the pushed objects until the hook has accepted them
    objects: { GIT_OBJECT_DIRECTORY: env.GIT_OBJECT_DIRECTORY, GIT_ALTERNATE_OBJECT_DIRECTORIES: env.GIT_ALTERNATE_OBJECT_DIRECTORIES, GIT_QUARANTINE_PATH: env.GIT_QUARANTINE_PATH },
  }
  socket.write(`${JSON.stringify(request)}\n`)
})
socket.on('error', () => {}) // told below
for await (const line of createInterface({ input: socket }).on('error', () => {})) {
  const message = JSON.parse(line)
  if (typeof message.say === 'string') stdout.write(`${message.say}\n`)
  if (typeof message.exit === 'number') {
    answered = true
    code = message.exit
  }
}
if (!answered) stdout.write('Nightshift went away during this push. If its build succeeds, the branch follows by itself; see nightshift builds, or push again.\n')
process.exit(code)
