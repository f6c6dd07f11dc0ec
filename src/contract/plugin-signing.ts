/** What binds a plugin's name and content to the token that control and the machines share, so that who can only write to the database runs nothing. */
import { createHash } from 'node:crypto'

export function pluginSigningKey(machineToken: string): Buffer {
  return createHash('sha256').update(`nightshift plugin signing\0${machineToken}`).digest()
}

export const pluginSigningText = (name: string, digest: string): string => `plugin\0${name}\0${digest}`
