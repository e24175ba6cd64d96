import {string} from '@oclif/core/args'
import {openCatalogue} from '../../lib/app/index.ts'
import {SapocheCommand} from '../../lib/cli/base-command.ts'
import {formatOf, outputFlags} from '../../lib/cli/flags.ts'
import {writeReport} from '../../lib/cli/output.ts'
import {validateCatalogue, validationViews} from '../../lib/runbook/catalogue/index.ts'

export default class CatalogueValidate extends SapocheCommand {
  static override summary = 'check a catalogue file; each problem with its line and what was expected'
  static override description = [
    'Without a file, the catalogue in force is checked (see catalogue show).',
    'Asks no cluster.',
    'Exit code: 0 valid, 78 not.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> catalogue validate sapoche.yaml',
    '<%= config.bin %> catalogue validate',
    '<%= config.bin %> catalogue validate sapoche.yaml -o json | jq .summary',
  ]
  static override args = {file: string({description: 'catalogue file (YAML)'})}
  static override flags = outputFlags(['table', 'json', 'yaml'])

  async run(): Promise<void> {
    const {args, flags} = await this.parse(CatalogueValidate)
    const now = this.environment.now()
    const report = validateCatalogue(await openCatalogue({catalogue: args.file}, this.environment), now)
    await writeReport(report, formatOf(flags), validationViews, this.terminal, now)
  }
}
