import {strip} from '../../text/strip.ts'
import type {TraceHop, TraceReport} from './schema.ts'
import {detailsOf, stateOf, titleOf} from './words.ts'

/** Shapes of the nodes: round for what lies outside, double for services, stacked names for all else. */
const SHAPES: Readonly<Record<TraceHop['kind'], readonly [string, string]>> = {
  external: ['([', '])'],
  service: ['[[', ']]'],
  workload: ['[', ']'],
  category: ['[/', '/]'],
}

const CLASSES = ['warning', 'unknown', 'critical'] as const
const STYLES: Readonly<Record<(typeof CLASSES)[number], string>> = {
  warning: 'stroke:#b58900,stroke-width:2px',
  unknown: 'stroke:#6c71c4,stroke-width:2px,stroke-dasharray:4',
  critical: 'stroke:#dc322f,stroke-width:4px',
}

/** The flows as a diagram of Mermaid; states are words in the nodes, the colours only repeat them. */
export function traceMermaid({flows, items}: TraceReport): string {
  const ids = new Map(items.map((hop, at) => [hop, `hop${at + 1}`]))
  const lines = flows.flatMap(({name, title}, flowAt) => {
    const hops = items.filter(({flow}) => flow === name)
    return [
      // Names of the catalogue may be words of Mermaid's own.
      `  subgraph flow${flowAt + 1}["${label(title)}"]`,
      ...hops.map((hop) => {
        const [open, close] = SHAPES[hop.kind]
        const words = [titleOf(hop), detailsOf(hop), stateOf(hop)].filter((text) => text !== '').map(label)
        return `    ${ids.get(hop)}${open}"${words.join('<br/>')}"${close}`
      }),
      ...hops.slice(1).map((hop, before) => {
        const from = hops[before]!
        return `    ${ids.get(from)} ${from.broken || from.cutOffBy.length > 0 ? '-. cut off .->' : '-->'} ${ids.get(hop)}`
      }),
      '  end',
    ]
  })
  const classes = CLASSES.flatMap((severity) => {
    const named = items.flatMap((hop) => (hop.checked && hop.severity === severity ? (ids.get(hop) ?? []) : []))
    return named.length === 0 ? [] : [`  classDef ${severity} ${STYLES[severity]}`, `  class ${named.join(',')} ${severity}`]
  })
  return ['flowchart TD', ...lines, ...classes, ''].join('\n')
}

/** Text within quotes of a node; a backtick there would begin Markdown. */
function label(text: string): string {
  return strip(text)
    .replaceAll('#', '#35;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
    .replaceAll('`', '#96;')
}
