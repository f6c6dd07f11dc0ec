/**
 * The executable's first file: chooses between the processes that make up Nightshift and the client commands.
 * Nothing else is loaded before that choice, so that a client command starts fast and a process stays small.
 */
const processCommands = ['up', 'down', 'status', 'control', 'agent', 'proxy', 'postgres'] as const

const [command = '', ...args] = process.argv.slice(2)
if (processCommands.some((name) => name === command)) {
  const { runProcessCommand } = await import('#up/commands.ts')
  process.exitCode = await runProcessCommand(command, args)
} else {
  const { runCli } = await import('#cli/main.ts')
  await runCli(process.argv.slice(2))
}
