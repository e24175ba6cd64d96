import {table} from '../../text/table.ts'
import {tones} from '../../text/tone.ts'
import {wrap, type ViewOptions} from '../../text/view.ts'
import type {SandboxReport, ScenarioList} from './schema.ts'

export function listOfScenarios(items: readonly {readonly name: string; readonly description: string}[]): ScenarioList {
  return {apiVersion: 'sapoche/v1', kind: 'ScenarioList', items: [...items]}
}

export function sandboxReport(facts: Pick<SandboxReport, 'scenario' | 'url' | 'kubeconfig' | 'namespace'>): SandboxReport {
  return {apiVersion: 'sapoche/v1', kind: 'Sandbox', ...facts}
}

export const scenarioViews = {
  table: (report: ScenarioList, {width, colour}: ViewOptions): string =>
    report.items.map(({name, description}) => `${tones(colour).strong(name)}\n${wrap(description, width, '  ').join('\n')}\n`).join(''),
}

export const sandboxViews = {
  table: ({scenario, url, kubeconfig, namespace}: SandboxReport, {colour}: ViewOptions): string => {
    const tone = tones(colour)
    return [
      `${tone.strong(`sandbox ${scenario}`)}  ${url}, until Ctrl-C`,
      '',
      ...table(
        [
          [`export KUBECONFIG=${kubeconfig}`, ''],
          ['sapoche status', ''],
          [`kubectl get pods -n ${namespace}`, ''],
        ],
        {indent: 2},
      ),
      '',
    ].join('\n')
  },
}
