import {Config} from '@oclif/core/config'
import {Help} from '@oclif/core/help'

/** Writes oclif's help of a command (`catalogue:show`), a topic (`catalogue`) or, for '', the program. */
export async function showHelp(subject: string, root: string): Promise<void> {
  const config = await Config.load({root})
  await new Help(config, config.pjson.oclif.helpOptions).showHelp(subject === '' ? [] : [subject])
}
