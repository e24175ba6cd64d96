import {Config} from '@oclif/core/config'
import {CommandHelp, Help} from '@oclif/core/help'

/** oclif's help of a command, with its first flag in line with the others and no `=` before a value that brings its own. */
class FlagHelp extends CommandHelp {
  protected override flagHelpLabel(flag: Parameters<CommandHelp['flagHelpLabel']>[0], showOptions?: boolean): string {
    return super.flagHelpLabel(flag, showOptions).replace('=[=', '[=')
  }

  // oclif trims the whole list, and so the margin of its first line.
  override renderList(...[rows, options]: Parameters<CommandHelp['renderList']>): string {
    const margin = /^ */.exec(rows[0]?.[0] ?? '')?.[0] ?? ''
    return margin + super.renderList(rows, options)
  }
}

class ProgramHelp extends Help {
  protected override CommandHelpClass = FlagHelp
}

/** Writes oclif's help of a command (`catalogue:show`), a topic (`catalogue`) or, for '', the program. */
export async function showHelp(subject: string, root: string): Promise<void> {
  const config = await Config.load({root})
  await new ProgramHelp(config, config.pjson.oclif.helpOptions).showHelp(subject === '' ? [] : [subject])
}
