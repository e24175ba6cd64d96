import {openCatalogue} from '../../lib/app/index.ts'
import {SapocheCommand} from '../../lib/cli/base-command.ts'
import {clusterFlags, formatOf, outputFlags} from '../../lib/cli/flags.ts'
import {writeReport} from '../../lib/cli/output.ts'
import {catalogueViews, showCatalogue} from '../../lib/runbook/catalogue/index.ts'

export default class CatalogueShow extends SapocheCommand {
  static override summary = 'what the namespace should hold: workloads, services, data flows, dependencies'
  static override description = [
    "Shows the catalogue in force: --catalogue, else SAPOCHE_CATALOGUE, else ./sapoche.yaml, else catalogue.yaml in the user's configuration folder, else the built-in one.",
    'Asks no cluster.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> catalogue show',
    '<%= config.bin %> catalogue show -o wide',
    "<%= config.bin %> catalogue show -o json | jq -r '.items[] | select(.protected) | .name'",
  ]
  static override flags = {...outputFlags(['table', 'wide', 'json', 'yaml', 'name']), catalogue: clusterFlags.catalogue}

  async run(): Promise<void> {
    const {flags} = await this.parse(CatalogueShow)
    const now = this.environment.now()
    const report = showCatalogue(await openCatalogue(flags, this.environment), now)
    await writeReport(report, formatOf(flags), catalogueViews, this.terminal, now)
  }
}
